"""Alerts: sightings of a key, a kind and a day are one row, whoever saw them."""

import pytest

from keyhouse.core.addresses import UNKNOWN, parse_address
from keyhouse.core.alerts import DAY_US, SAMPLE_LENGTH_MAX, added, alert_of, network_of
from keyhouse.core.entities import Alert, AlertKind
from tests.core.rows import line

KEY = line().key
NOW = 20_000 * DAY_US + 5
BROWSER = AlertKind.SERVER_KEY_IN_BROWSER
PLAIN = AlertKind.SECRET_OVER_PLAIN_HTTP


def sighting(at_us: int, kind: AlertKind = BROWSER, sample: str = "a") -> Alert:
    return alert_of(KEY, "org_p", kind, at_us, sample)


def test_a_day_and_a_kind_have_one_id_that_sorts_by_the_day() -> None:
    first = sighting(NOW)
    assert sighting(NOW + DAY_US - 6).id == first.id
    assert sighting(NOW + DAY_US).id > first.id
    assert sighting(NOW, PLAIN).id != first.id
    assert first.id.startswith("evt_")


def test_sightings_add_up() -> None:
    known = sighting(NOW, sample="first")
    more = sighting(NOW + 7, sample="second")
    both = added({known.id: known}, more)
    assert (both.first_at, both.last_at, both.count) == (NOW, NOW + 7, 2)
    assert both.sample == "second"
    assert added({more.id: more}, known).first_at == NOW
    assert added({}, more) == more


def test_what_a_caller_told_is_cut_short() -> None:
    assert len(sighting(NOW, sample="x" * 9999).sample) == SAMPLE_LENGTH_MAX


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("::1", "::/48"),
    ],
)
def test_a_network_is_told_and_not_an_address(address: str, network: str) -> None:
    assert network_of(parse_address(address)) == network


def test_nobody_has_no_network() -> None:
    assert network_of(UNKNOWN) == ""
