"""The signed token that tells an upstream who calls, made anew every few seconds."""

from typing import TYPE_CHECKING, Final

from keyhouse.core.identity import KIND, REUSE_SECONDS, identity_claims

if TYPE_CHECKING:
    from keyhouse.core.records import Line
    from keyhouse.doors.gateway.needs import Signing

REUSE_US: Final = REUSE_SECONDS * 1_000_000


class Voucher:
    """The header of one way. `until_us` is when it is to be made anew."""

    __slots__ = ("_issuer", "_line", "_signer", "_text", "until_us")

    def __init__(self, line: "Line", signer: "Signing", issuer: str) -> None:
        self._line = line
        self._signer = signer
        self._issuer = issuer
        self._text = b""
        self.until_us = 0

    def header(self, now_us: int) -> bytes:
        """The header line as it goes at `now_us` of the wall clock."""
        if is_over(self.until_us, now_us):
            claims = identity_claims(self._line, self._issuer, now_us)
            self._text = b"Keyhouse-Identity: %b\r\n" % self._signer.sign(KIND, claims)
            self.until_us = now_us + REUSE_US
        return self._text


def is_over(until_us: int, now_us: int) -> bool:
    """Whether what was made to last until then is to be made anew.

    A clock that was set back would else keep a token from the future for long.
    """
    return not 0 < until_us - now_us <= REUSE_US
