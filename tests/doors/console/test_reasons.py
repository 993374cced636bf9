"""Whoever reads of a refusal learns what it means and what to do about it."""

import pytest

from keyhouse.core.addresses import parse_address
from keyhouse.core.usage import LogRow, Use
from keyhouse.core.verdict import Verdict
from keyhouse.doors.console.requests.reasons import MENDS, Place, why


def line(verdict: Verdict, key_id: str = "key_1") -> LogRow:
    use = Use("org_1", "org_1", "api_1", "", key_id, 1, "app_1", "test", "")
    return LogRow(
        request_id="req_1",
        at_us=0,
        use=use,
        verdict=verdict.number,
        method="GET",
        path="/weather/{braces}",
        address=parse_address("198.51.100.7"),
        status=verdict.status,
        latency_us=None,
    )


@pytest.mark.parametrize("verdict", Verdict)
def test_every_outcome_has_a_mend(verdict: Verdict) -> None:
    told = why(line(verdict))
    assert told.title == verdict.title
    assert told.detail == verdict.detail
    assert told.mend.endswith((".", "now."))
    assert "{address}" not in told.mend


def test_no_mend_is_kept_for_an_outcome_that_is_gone() -> None:
    assert set(MENDS) == set(Verdict)


def test_the_address_that_came_is_named() -> None:
    assert "198.51.100.7" in why(line(Verdict.IP_NOT_ALLOWED)).mend


def test_without_a_key_there_is_no_key_to_go_to() -> None:
    assert why(line(Verdict.RATE_LIMITED)).place is Place.KEY
    assert why(line(Verdict.RATE_LIMITED, key_id="")).place is Place.NOWHERE
