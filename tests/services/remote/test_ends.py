"""What verify tells of an end, a guard elsewhere tells its callers."""

import pytest

from keyhouse.core.answers import passed_headers
from keyhouse.services.remote.reading import Reader, Unreadable
from tests.services.remote.elsewhere import VALID, verdict

NOW_US = 1_760_000_000_000_000
ENDS = {"deprecated_at": "2025-10-09T08:52:20Z", "sunset": "2025-10-10T08:53:20Z"}


def headers(told: dict[str, object]) -> dict[str, str]:
    decision = Reader().read(told, "weather", NOW_US).decision
    return dict(passed_headers(decision))


def test_an_end_is_told_on() -> None:
    assert headers(verdict("valid", 200, **ENDS)) == {
        "Deprecation": "@1759999940",
        "Sunset": "Fri, 10 Oct 2025 08:53:20 GMT",
    }


def test_a_gateway_that_knows_of_none_is_understood() -> None:
    """Guards and gateways are brought up to date one after the other."""
    assert headers(VALID) == {}
    assert headers(verdict("valid", 200, deprecated_at=None, sunset=None)) == {}


@pytest.mark.parametrize("wrong", ["soon", 5, ["2025-10-10T08:53:20Z"], ""])
def test_an_end_that_is_none_lets_nobody_pass(wrong: object) -> None:
    with pytest.raises(Unreadable):
        headers(verdict("valid", 200, sunset=wrong))


def test_lines_with_different_ends_are_kept_apart() -> None:
    reader = Reader()
    with_end = reader.read(verdict("valid", 200, **ENDS), "weather", NOW_US)
    without = reader.read(VALID, "weather", NOW_US)
    assert with_end.decision.line is not without.decision.line
