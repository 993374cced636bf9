"""A key that is used from where it never was is noticed, once."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import pytest

from keyhouse.core.entities import (
    Alert,
    AlertKind,
    Event,
    KeyKind,
    KeyNetwork,
    Restrictions,
)
from keyhouse.core.familiar import FEW_MAX
from keyhouse.ports import Rows, Transaction, WritingTransaction
from keyhouse.services import reports
from keyhouse.services.events import tell_noticed
from keyhouse.services.issue import Created
from keyhouse.services.jobs import Claim, Holding, Overtaken
from keyhouse.services.reports import Need
from keyhouse.services.watch import judge_networks
from keyhouse.services.watch.networks import AT_ONCE, NETWORKS_MAX
from keyhouse.services.webhooks import WebhookWish, create_webhook
from keyhouse.services.work import Turn
from tests.servers.acme import Acme

DAY_US = 86_400_000_000
HOME, NEAR, FAR = "198.51.100.0/24", "198.51.7.0/24", "203.0.113.0/24"


@pytest.fixture
def made(acme: Acme) -> Created:
    """A key that was used from its home for a month, as the worker knows."""
    acme.api()
    key = acme.key()
    for days in (30, 1):
        acme.came(key, HOME, days_ago=days)
    judge(acme)
    return key


def claimed(acme: Acme, holder: str = "nod_1") -> Claim:
    claim = Holding(acme.database.rows, acme.clock, "watch", holder).claim(lambda: False)
    assert claim is not None
    return claim


def judge(acme: Acme, claim: Claim | None = None) -> int:
    return judge_networks(claim or claimed(acme), acme.database.rows, acme.clock)


def alerts(acme: Acme) -> list[Alert]:
    found = acme.read(
        lambda look: reports.list_alerts(look, Turn(None, 50), reports.AlertFilter())
    )
    return list(found.rows)


def known(acme: Acme) -> list[KeyNetwork]:
    with acme.database.rows.reading() as tx:
        return tx.find(KeyNetwork)


def test_a_network_that_the_key_never_came_from_is_told(acme: Acme, made: Created) -> None:
    acme.came(made, FAR)
    assert judge(acme) == 1
    (alert,) = alerts(acme)
    assert (alert.kind, alert.sample) == (AlertKind.UNFAMILIAR_NETWORK, FAR)
    assert (alert.key_id, alert.count) == (made.view.key.id, 1)
    assert alert.first_at == alert.last_at == acme.clock.now_us()
    needs = acme.read(lambda look: reports.overview(look, acme.project, "test")).needs
    assert (needs[0].need, needs[0].alert) == (Need.ELSEWHERE, alert)


def test_each_network_is_judged_once(acme: Acme, made: Created) -> None:
    """Who came once and was told of is not told of again tomorrow."""
    for _ in range(3):
        acme.came(made, FAR)
        judge(acme)
        acme.clock.at_us += DAY_US
    assert len(alerts(acme)) == 1
    assert judge(acme) == 0


def test_home_and_its_neighbours_are_not_told(acme: Acme, made: Created) -> None:
    acme.came(made, HOME)
    acme.came(made, NEAR)
    judge(acme)
    assert alerts(acme) == []


def test_several_of_a_day_are_one_alert(acme: Acme, made: Created) -> None:
    for network in (FAR, "192.0.2.0/24", "2001:db8:7::/48"):
        acme.came(made, network)
        judge(acme)
    (alert,) = alerts(acme)
    assert (alert.count, alert.sample) == (3, "2001:db8:7::/48")


def test_a_new_key_may_come_from_anywhere(acme: Acme, made: Created) -> None:
    fresh = acme.key("Fresh")
    for network in (HOME, FAR):
        acme.came(fresh, network)
    judge(acme)
    assert alerts(acme) == []


def test_a_page_is_read_everywhere_and_nothing_is_kept_of_it(
    acme: Acme, made: Created
) -> None:
    places = Restrictions(referrers=("https://a.example",))
    page = acme.key("Page", kind=KeyKind.PUBLISHABLE, restrictions=places)
    acme.came(page, HOME, days_ago=30)
    acme.came(page, FAR)
    judge(acme)
    assert alerts(acme) == []
    assert {one.key_id for one in known(acme)} == {made.view.key.id}


def test_of_a_key_that_roams_only_the_last_are_kept(acme: Acme, made: Created) -> None:
    for number in range(NETWORKS_MAX + AT_ONCE):
        acme.clock.at_us += 1
        acme.came(made, f"10.{number}.0.0/24")
    judge(acme)
    kept = {one.network for one in known(acme)}
    assert len(kept) == NETWORKS_MAX
    assert f"10.{NETWORKS_MAX + AT_ONCE - 1}.0.0/24" in kept
    assert all(one.judged_at for one in known(acme))
    assert HOME not in kept


def test_none_is_left_out_where_many_keys_came_from_elsewhere(
    acme: Acme, made: Created
) -> None:
    """More than are looked at at once: up to the ten that make a key one that roams."""
    other = acme.key("Other")
    for days in (30, 1):
        acme.came(other, HOME, days_ago=days)
    judge(acme)
    for number in range(AT_ONCE - 5):
        acme.clock.at_us += 1
        for one in (made, other):
            acme.came(one, f"10.{number}.0.0/24")
    judge(acme)
    assert sorted((alert.key_id, alert.count) for alert in alerts(acme)) == sorted(
        (one.view.key.id, FEW_MAX) for one in (made, other)
    )
    assert all(one.judged_at for one in known(acme))


class Late:
    """`ports.Rows`, where a gateway books once more just before somebody writes."""

    def __init__(self, rows: Rows, book: Callable[[], None]) -> None:
        self._rows = rows
        self._book: Callable[[], None] | None = book

    def reading(self) -> AbstractContextManager[Transaction]:
        return self._rows.reading()

    def writing(self) -> AbstractContextManager[WritingTransaction]:
        if self._book is not None:
            book, self._book = self._book, None
            book()
        return self._rows.writing()


def test_what_is_booked_meanwhile_is_judged_too(acme: Acme, made: Created) -> None:
    acme.came(made, HOME)
    acme.came(made, NEAR)
    claim = claimed(acme)
    rows = Late(acme.database.rows, lambda: acme.came(made, FAR))
    judge_networks(claim, rows, acme.clock)
    assert [alert.sample for alert in alerts(acme)] == [FAR]


def test_thousands_of_a_key_are_cleared_away_bit_by_bit(acme: Acme, made: Created) -> None:
    """What roams while no worker runs: no transaction has more than some hundred rows."""
    with acme.database.rows.writing() as tx:
        key = made.view.key.id
        tx.add_many(
            [
                KeyNetwork(
                    id=f"{key}/10.{number // 256}.{number % 256}.0/24",
                    key_id=key,
                    network=f"10.{number // 256}.{number % 256}.0/24",
                    first_at=number,
                    last_at=number,
                )
                for number in range(1000)
            ]
        )
    assert judge(acme) > 5
    assert NETWORKS_MAX <= len(known(acme)) < 2 * NETWORKS_MAX
    assert all(one.judged_at for one in known(acme))


def test_who_was_overtaken_raises_nothing(acme: Acme, made: Created) -> None:
    acme.came(made, FAR)
    claim = claimed(acme)
    acme.clock.at_us += 60_000_000
    claimed(acme, "nod_2")
    with pytest.raises(Overtaken):
        judge(acme, claim)
    assert alerts(acme) == []


def test_a_webhook_hears_of_it_once_a_day(acme: Acme, made: Created) -> None:
    wish = WebhookWish("https://hooks.example/x", ("key.unfamiliar_network",), "h")
    acme.write(lambda work: create_webhook(work, wish))
    new_id = partial(acme.office.new_id, now_us=acme.clock.now_us())
    for network in (FAR, "192.0.2.0/24"):
        acme.came(made, network)
        judge(acme)
        tell_noticed(claimed(acme), acme.database.rows, acme.clock, new_id)
    with acme.database.rows.reading() as tx:
        (event,) = tx.find(Event)
    assert (event.kind, event.data["sample"]) == ("key.unfamiliar_network", FAR)
