"""What callers are told of the end of what they hold."""

from dataclasses import replace

import pytest

from keyhouse.core.answers import notice_headers, refusal_headers
from keyhouse.core.decision import Decision
from keyhouse.core.notices import TOLD_BEFORE_US
from keyhouse.core.verdict import Verdict
from tests.core import rows as made

DAY_US = 86_400 * 1_000_000
REPLACED_US = 1_688_169_599_000_000
ENDS_US = 1_719_791_999_000_000
DEPRECATION = ("Deprecation", "@1688169599")
SUNSET = ("Sunset", "Sun, 30 Jun 2024 23:59:59 GMT")


def told(now_us: int, verdict: Verdict = Verdict.VALID, **line: object) -> object:
    return notice_headers(Decision(verdict, now_us, made.line(**line)))  # type: ignore[arg-type]


def test_without_an_end_there_is_nothing_to_look_at() -> None:
    """Most keys have none, and their calls must not pay for the others."""
    assert made.line().notice is None


def test_a_replaced_secret_is_deprecated_since_and_ends_then() -> None:
    """The form is that of RFC 9745 and RFC 8594."""
    secret = {"replaced_at": REPLACED_US, "ends_at": ENDS_US}
    assert told(REPLACED_US, secret=secret) == [DEPRECATION, SUNSET]


def test_one_that_waits_or_has_no_end_is_deprecated_alone() -> None:
    assert told(REPLACED_US, secret={"replaced_at": REPLACED_US}) == [DEPRECATION]


def test_a_key_s_end_is_told_in_its_last_days() -> None:
    assert told(ENDS_US - TOLD_BEFORE_US - 1, ends_at=ENDS_US) == []
    assert told(ENDS_US - TOLD_BEFORE_US, ends_at=ENDS_US) == [SUNSET]


def test_of_two_ends_the_sooner_is_told() -> None:
    late = {"replaced_at": REPLACED_US, "ends_at": ENDS_US + DAY_US}
    assert told(REPLACED_US, secret=late, ends_at=ENDS_US) == [DEPRECATION, SUNSET]


def test_the_sunset_is_never_later_than_the_end() -> None:
    assert told(ENDS_US, ends_at=ENDS_US + 999_999) == [SUNSET]


@pytest.mark.parametrize("verdict", [Verdict.RATE_LIMITED, Verdict.IP_NOT_ALLOWED])
def test_refusals_of_good_secrets_tell_it_too(verdict: Verdict) -> None:
    assert told(ENDS_US, verdict, ends_at=ENDS_US) == [SUNSET]


def test_who_is_refused_as_it_is_over_is_told_so_and_no_more() -> None:
    line = replace(made.line(ends_at=ENDS_US))
    headers = dict(refusal_headers(Decision(Verdict.EXPIRED, ENDS_US, line)))
    assert "Sunset" not in headers
