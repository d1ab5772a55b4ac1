"""Errors as MLflow's client knows them: a code, a message, and an HTTP status that goes with it.

Bad input is never a 5xx here: MLflow's client would try such a request again for minutes.
"""

from __future__ import annotations

from typing import NoReturn

from afield.kernel.errors import (
    AfieldError,
    Busy,
    Damaged,
    NotAllowed,
    NotFound,
    Refused,
    Unreachable,
)
from afield.vault.errors import StorageUnreachable

INVALID = "INVALID_PARAMETER_VALUE"
MISSING = "RESOURCE_DOES_NOT_EXIST"
EXISTS = "RESOURCE_ALREADY_EXISTS"
NO_ENDPOINT = "ENDPOINT_NOT_FOUND"
BAD_REQUEST = "BAD_REQUEST"
FORBIDDEN = "PERMISSION_DENIED"
UNKNOWN = "UNAUTHENTICATED"
STATE = "INVALID_STATE"
UNAVAILABLE = "TEMPORARILY_UNAVAILABLE"
INTERNAL = "INTERNAL_ERROR"
NOT_BUILT = "NOT_IMPLEMENTED"
TOO_LARGE = "REQUEST_LIMIT_EXCEEDED"

STATUSES = {
    INVALID: 400,
    MISSING: 404,
    EXISTS: 400,
    NO_ENDPOINT: 404,
    BAD_REQUEST: 400,
    FORBIDDEN: 403,
    UNKNOWN: 401,
    STATE: 400,
    UNAVAILABLE: 503,
    INTERNAL: 500,
    NOT_BUILT: 501,
    TOO_LARGE: 413,
}


class Rest(Refused):
    """A request that is answered with an error of MLflow's protocol.

    Args:
        error: its code, one of `STATUSES`.
        message: what its client shows, as it stands.
    """

    code = "mlflow.refused"

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUSES[self.error]


def invalid(message: str) -> Rest:
    """Return the error of a value that cannot be."""
    return Rest(INVALID, message)


def missing(message: str) -> Rest:
    """Return the error of something that is not there."""
    return Rest(MISSING, message)


def refuse(message: str) -> NoReturn:
    """Refuse a value.

    Raises:
        Rest: always.
    """
    raise invalid(message)


def to_rest(error: AfieldError) -> Rest:
    """Return an error of ours as one of MLflow's."""
    if isinstance(error, Rest):
        return error
    if isinstance(error, StorageUnreachable):
        return Rest(UNAVAILABLE, error.told)
    kinds = (
        (NotAllowed, FORBIDDEN),
        (NotFound, MISSING),
        (Busy, UNAVAILABLE),
        (Refused, INVALID),
        (Unreachable, UNAVAILABLE),
        (Damaged, INTERNAL),
    )
    found = next((code for kind, code in kinds if isinstance(error, kind)), INTERNAL)
    return Rest(found, error.message)
