"""How many keys a list of applications tells."""

from collections.abc import Mapping

import pytest

from keyhouse.ports import KeyTally
from keyhouse.services import issue
from keyhouse.services.issue import tallies
from tests.servers.acme import Acme


def told(acme: Acme, *applications: str, on: str | None = None) -> Mapping[str, KeyTally]:
    actor = None if on is None else acme.holding("keys:read", on=on)
    return acme.read(lambda look: issue.tally_keys(look, applications, "test"), actor)


def test_active_keys_and_the_last_use_of_any(acme: Acme) -> None:
    """A disabled key is not counted, but that it was used is told."""
    acme.api()
    made = [acme.key(name) for name in ("First", "Second", "Third")]
    id = made[0].view.key.application_id
    acme.write(lambda work: issue.disable_key(work, made[2].view.key.id))
    acme.book(made[0], minutes_ago=60)
    acme.book(made[2], minutes_ago=5)
    tally = told(acme, id)[id]
    assert (tally.active, tally.are_all) == (2, True)
    used = acme.read(lambda look: issue.get_key(look, made[2].view.key.id)).last_used_at
    assert tally.last_used_at == used is not None


def test_only_what_is_within_reach_is_counted(acme: Acme) -> None:
    weather = acme.api()
    acme.api("maps")
    mine = acme.key("Weather").view.key.application_id
    acme.key("Maps", api="maps")
    assert told(acme, mine)[mine].active == 2
    assert told(acme, mine, on=weather)[mine].active == 1
    stranger = Acme(acme.office, acme.database, "stranger@example.com")
    assert told(stranger, mine)[mine] == KeyTally()


def test_an_application_of_very_many_keys_says_that_there_are_more(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "LOOKED_AT_MAX", 2)
    acme.api()
    id = acme.key("First").view.key.application_id
    acme.key("Second")
    assert told(acme, id)[id].are_all
    acme.key("Third")
    assert told(acme, id)[id] == KeyTally(2, None, are_all=False)
