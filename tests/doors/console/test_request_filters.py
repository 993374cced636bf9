"""A filtered list has an address that can be kept and sent on."""

from keyhouse.core.entities import Environment
from keyhouse.core.verdict import Verdict
from keyhouse.doors.console.requests.filters import OUTCOMES, Wanted, read


def test_a_filter_reads_as_it_was_told() -> None:
    wanted = Wanted(api="weather", verdict="refused", key="key_1")
    given = dict(pair.split("=") for pair in wanted.query().removeprefix("?").split("&"))
    assert read(given) == wanted
    assert wanted.narrows
    assert not Wanted(cursor="x").narrows
    assert Wanted().query() == ""


def test_what_no_list_can_be_filtered_by_is_as_if_it_were_not_there() -> None:
    assert read({"api": "a\0b", "key": "x" * 101, "other": "y"}) == Wanted()


def test_the_environment_is_that_of_the_page() -> None:
    asked = Wanted(api="weather").filter(Environment.TEST)
    assert (asked.environment, asked.api, asked.verdict) == ("test", "weather", None)


def test_every_outcome_can_be_asked_for() -> None:
    assert {code for code, _ in OUTCOMES} >= {verdict.code for verdict in Verdict}
