"""What a bucket says when it refuses, in our words, and what to do about it.

From the codes of S3 (`Amazon S3 API Reference`, "Error responses"), which other servers use, too.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_CODE = re.compile(r"<Code>(\w+)</Code>")
_KEYS_ASKED_OF = "169.254.169.254"  # machines in a cloud get their keys from this address


class Fault(NamedTuple):
    """Why, what to do, and whether it is a matter of who asks."""

    why: str
    hint: str
    forbidden: bool = False


_KEY = "look at AWS_ACCESS_KEY_ID"
_SECRET = "look at AWS_SECRET_ACCESS_KEY"  # noqa: S105 - the name of a variable
_REGION = "look at AWS_REGION"
_ALLOW = "allow s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject"
NO_BUCKET = Fault("there is no such bucket", "make the bucket first: aws s3 mb s3://NAME")
DENIED = Fault("the keys that were found do not allow it", _ALLOW, forbidden=True)
_CODES = {
    "NoSuchBucket": NO_BUCKET,
    "AccessDenied": DENIED,
    "InvalidAccessKeyId": Fault("it does not know the key", _KEY, forbidden=True),
    "SignatureDoesNotMatch": Fault("the key has another secret", _SECRET, forbidden=True),
    "ExpiredToken": Fault("the keys have expired", _KEY, forbidden=True),
    "RequestTimeTooSkewed": Fault(
        "the clock of this machine is off", "set it: timedatectl set-ntp true"
    ),
    "AuthorizationHeaderMalformed": Fault("the bucket is in another region", _REGION),
    "PermanentRedirect": Fault("the bucket is in another region", _REGION),
    "SlowDown": Fault("it is asked more often than it answers", "try again later"),
}


def fault_of(told: str) -> Fault:
    """Return what a fault of the library means, which tells its inside on many lines."""
    code = _CODE.search(told)
    if code is not None and code[1] in _CODES:
        return _CODES[code[1]]
    if _KEYS_ASKED_OF in told:
        return Fault("no keys for it were found", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    if "error sending request" in told:
        return Fault("nothing answers there", "look at the network and at AWS_ENDPOINT_URL")
    if "configured region" in told:
        return _CODES["PermanentRedirect"]
    hint = "look at the address and at AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, AWS_REGION"
    return Fault(told.partition("\n")[0][:200], hint)


def is_no_bucket(told: str) -> bool:
    """Tell whether it is the bucket that is missing, and not a file in it."""
    return "<Code>NoSuchBucket</Code>" in told
