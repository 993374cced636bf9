"""Identifiers: a prefix that names the kind, and a time-ordered base62 body.

The body is 22 characters for 128 bits: 48 bits of milliseconds since 1970 and
80 random bits. Its alphabet is in ASCII order, so that sorting ids as bytes
sorts them by the time they were made.
"""

from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BODY_LENGTH: Final = 22
ENTROPY_BYTES: Final = 10

ORGANIZATION: Final = "org"
PROJECT: Final = "prj"
API: Final = "api"
ROUTE: Final = "rte"
APPLICATION: Final = "app"
CUSTOMER: Final = "cus"
CREDIT: Final = "crd"
KEY: Final = "key"
SECRET: Final = "sec"
PLAN: Final = "pln"
SUBSCRIPTION: Final = "sub"
EVENT: Final = "evt"
PERSON: Final = "usr"
SESSION: Final = "ses"
TICKET: Final = "tkt"
INVITATION: Final = "inv"
REQUEST: Final = "req"
AUDIT: Final = "aud"
WEBHOOK: Final = "whk"
DELIVERY: Final = "dlv"
NODE: Final = "nod"
SPOOL: Final = "spl"
LEASE: Final = "lse"
CALENDAR: Final = "cal"
IMPORT: Final = "imp"
TOKEN: Final = "tok"


def base62(number: int, length: int) -> str:
    """`number` in base 62, most significant digit first, padded to `length`.

    Raises ValueError when the number is negative or does not fit.
    """
    if number < 0:
        raise ValueError("base62 takes no negative number")
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(ALPHABET[digit])
    if number:
        raise ValueError(f"the number does not fit in {length} base62 digits")
    return "".join(reversed(digits))


def from_base62(text: str) -> int:
    """The number that `base62` wrote. Raises ValueError for what it never writes."""
    number = 0
    for digit in text:
        number = number * 62 + ALPHABET.index(digit)
    return number


def make_id(prefix: str, now_us: int, entropy: bytes) -> str:
    """A new id such as `key_06T3…`; `entropy` is ENTROPY_BYTES random bytes."""
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError(f"an id takes {ENTROPY_BYTES} bytes of entropy")
    milliseconds = now_us // 1000
    body = (milliseconds << (8 * ENTROPY_BYTES)) | int.from_bytes(entropy, "big")
    return f"{prefix}_{base62(body, BODY_LENGTH)}"


def request_head(milliseconds: int) -> str:
    """What the ids of all requests of a millisecond begin with.

    Those of later ones are above it, as text, and those of earlier ones below:
    the data plane makes them so (`services.meter.RequestIds`).
    """
    return f"{REQUEST}_{base62(milliseconds, 7)}"


def is_id(text: str, prefix: str) -> bool:
    """Whether `text` has the form of an id of that kind; it need not exist."""
    head, _, body = text.partition("_")
    return head == prefix and len(body) == BODY_LENGTH and body.isascii() and body.isalnum()
