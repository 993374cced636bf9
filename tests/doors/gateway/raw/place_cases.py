"""What paths on a host come to that several APIs share; data, as in `cases`.

On `shared.test` what no prefix leads is the API `weather`'s, on `bare.test`
nobody's. `based` is behind `/maps`, its upstream behind `/base`; `kept` is
behind `/maps/v2` and gets the whole path.
"""

from keyhouse.core.prefixes import Prefixes
from tests.doors.gateway.raw.cases import (
    AMBIGUOUS,
    BAD,
    Case,
    K,
    Meaning,
    Refused,
)

_BELOW = (("/maps", "based"), ("/maps/v2", "kept"))
LEADS: dict[str, str | Prefixes] = {
    "shared.test": Prefixes("shared.test", (("", "weather"), *_BELOW)),
    "bare.test": Prefixes("bare.test", _BELOW),
}
NOWHERE = Refused(404, "api_not_found")
OWN = Refused(404, "not_found")


def _at(host: bytes, sent: bytes, method: bytes = b"GET") -> bytes:
    return b"%b %b HTTP/1.1\r\nHost: %b\r\n" % (method, sent, host) + K + b"\r\n"


def both(
    name: str, sent: bytes, comes_to: Refused | Meaning, *, kept: bool = True
) -> list[Case]:
    """What comes to the same whether the host has an API for the rest or not."""
    return [
        Case(f"place: {name}, {host.decode()}", _at(host, sent), (comes_to,), kept)
        for host in (b"shared.test", b"bare.test")
    ]


def beside(name: str, sent: bytes) -> list[Case]:
    """What no prefix leads."""
    meant: tuple[Meaning | Refused, ...] = (Meaning(target=sent), NOWHERE)
    return [
        Case(f"place: {name}, {host.decode()}", _at(host, sent), (one,))
        for host, one in zip((b"shared.test", b"bare.test"), meant, strict=True)
    ]


CASES: list[Case] = [
    *both("below", b"/maps/x", Meaning(target=b"/base/x")),
    *both("the prefix", b"/maps", Meaning(target=b"/base/")),
    *both("the prefix and a slash", b"/maps/", Meaning(target=b"/base/")),
    *both("the prefix and a query", b"/maps?/v2", Meaning(target=b"/base/?/v2")),
    *both("dots in a query", b"/maps/x?/../v2", Meaning(target=b"/base/x?/../v2")),
    *both("the longer", b"/maps/v2/x", Meaning(target=b"/maps/v2/x")),
    *both("the longer alone", b"/maps/v2", Meaning(target=b"/maps/v2")),
    *both("no segment of the longer", b"/maps/v2x", Meaning(target=b"/base/v2x")),
    *both("capitals in the longer", b"/maps/V2/x", Meaning(target=b"/base/V2/x")),
    *both("an escaped letter", b"/m%61ps/x", Meaning(target=b"/base/x")),
    *both("all letters escaped", b"/%6d%61%70%73/x", Meaning(target=b"/base/x")),
    *both("an escape of two digits", b"/maps/v%32/x", Meaning(target=b"/maps/v%32/x")),
    *both("an escape below", b"/maps/%78%20", Meaning(target=b"/base/%78%20")),
    *beside("another", b"/weather/x"),
    *beside("the root", b"/"),
    *beside("no segment", b"/mapsx"),
    *beside("half a segment", b"/map"),
    *beside("capitals", b"/MAPS/x"),
    *beside("an escaped space", b"/maps%20/x"),
    *beside("not first", b"/x/maps/x"),
    *beside("an overlong slash", b"/maps%c0%afv2"),
    *beside("a full-width solidus", b"/maps%ef%bc%8fv2"),
    *both("an escaped slash", b"/maps%2fx", AMBIGUOUS),
    *both("an escaped slash within", b"/maps/v2%2Fx", AMBIGUOUS),
    *both("an escaped slash first", b"/%2fmaps/x", AMBIGUOUS),
    *both("a doubly escaped slash", b"/maps%252fv2", AMBIGUOUS),
    *both("a doubly escaped letter", b"/m%2561ps/x", AMBIGUOUS),
    *both("two slashes first", b"//maps/x", AMBIGUOUS),
    *both("two slashes within", b"/maps//v2", AMBIGUOUS),
    *both("dots out of it", b"/maps/../x", AMBIGUOUS),
    *both("dots into it", b"/x/../maps/x", AMBIGUOUS),
    *both("escaped dots", b"/maps/%2e%2e/x", AMBIGUOUS),
    *both("half-escaped dots", b"/maps/.%2E", AMBIGUOUS),
    *both("a dot", b"/./maps/x", AMBIGUOUS),
    *both("an escaped dot", b"/maps/%2e/v2", AMBIGUOUS),
    *both("a parameter", b"/maps;v=2/x", AMBIGUOUS),
    *both("an escaped semicolon", b"/maps%3bv2", AMBIGUOUS),
    *both("a backslash", b"/maps\\v2", AMBIGUOUS),
    *both("an escaped backslash", b"/maps%5cv2", AMBIGUOUS),
    *both("an escaped NUL", b"/maps%00", AMBIGUOUS),
    *both("an escaped line", b"/maps%0d%0a/x", AMBIGUOUS),
    *both("a broken escape", b"/m%6/x", AMBIGUOUS),
    *both("a fragment", b"/maps#/v2", AMBIGUOUS),
    *both("high bytes", b"/maps\xc3\xa9/x", BAD, kept=False),
    *both("Keyhouse's own", b"/.keyhouse/none", OWN),
    *both("Keyhouse's own, escaped", b"/%2Ekeyhouse/live", OWN),
    *both("Keyhouse's own, a letter escaped", b"/.keyhous%65/live", OWN),
    *both("absolute", b"http://bare.test/maps/x", Meaning(target=b"/base/x")),
    *both("absolute, dots", b"http://bare.test/maps/../x", AMBIGUOUS),
    *both("absolute, nowhere", b"http://bare.test/x", NOWHERE),
    *both("absolute, no path", b"http://bare.test?/maps", NOWHERE),
]
