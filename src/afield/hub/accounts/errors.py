"""What this room refuses. Messages say nothing that helps to guess who has an account.

`status` is what each is in HTTP.
"""

from __future__ import annotations

from typing import ClassVar

from afield.kernel.errors import Damaged, NotAllowed, NotFound, Refused, Usage


class LoginRefused(NotAllowed):
    """Unknown name, wrong password, wrong code: one answer for all of them."""

    code = "accounts.login_refused"
    status: ClassVar[int] = 401


class CodeNeeded(NotAllowed):
    """The password is right; the code of the second factor is still to come."""

    code = "accounts.code_needed"
    status: ClassVar[int] = 401


class FactorNeeded(NotAllowed):
    """The hub lets nobody in with a password alone: a second factor has to be set up first."""

    code = "accounts.factor_needed"
    status: ClassVar[int] = 403


class NotFresh(NotAllowed):
    """What one logs in with is changed only soon after a login."""

    code = "accounts.not_fresh"
    status: ClassVar[int] = 403


class TooManyTries(NotAllowed):
    """Too many failed logins; `retry_s` says for how long to wait."""

    code = "accounts.too_many_tries"
    status: ClassVar[int] = 429


class CrossSite(NotAllowed):
    """A write that came with a cookie and not from a page of ours."""

    code = "accounts.cross_site"
    status: ClassVar[int] = 403


class TicketRefused(NotAllowed):
    """A one-time code that is wrong, used, or out of date."""

    code = "accounts.code_refused"
    status: ClassVar[int] = 403


class PasswordUnfit(Usage):
    """A password that may not be set."""

    code = "accounts.password_unfit"
    status: ClassVar[int] = 400


class AccountRefused(Refused):
    """What was asked of an account cannot be done."""

    code = "accounts.refused"
    status: ClassVar[int] = 409


class NoSuch(NotFound):
    """No such account, session, token or passkey of yours."""

    code = "accounts.not_found"
    status: ClassVar[int] = 404


class ProviderFault(NotAllowed):
    """The identity provider's answer is not what the protocol asks for."""

    code = "accounts.provider_fault"
    status: ClassVar[int] = 403


class KeyLost(Damaged):
    """What was kept under a key that is not there any more, or does not verify."""

    code = "accounts.key_lost"
