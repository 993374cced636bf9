"""Reminders: each once, in good time, by mail and in the audit."""

import threading
from functools import partial

import pytest

from keyhouse.core import ids
from keyhouse.core.entities import Application, Member, Person, Role, RotationSchedule
from keyhouse.services import catalog, issue
from keyhouse.services.issue import Created, KeyState
from keyhouse.services.jobs import Overtaken
from keyhouse.services.jobs.holding import HELD_US
from tests.servers.acme import Acme
from tests.services.rotation.working import (
    DAY,
    DAY_US,
    Letters,
    audited,
    claimed,
    reminded,
    rotate,
)

QUARTERLY = RotationSchedule(every_days=90, overlap_seconds=7 * DAY)


@pytest.fixture
def made(acme: Acme) -> Created:
    acme.api()
    return acme.key(rotation=QUARTERLY)


@pytest.fixture
def letters() -> Letters:
    return Letters()


def told(acme: Acme, action: str = "key.rotation_due") -> list[int]:
    return [row.after["days_left"] for row in audited(acme, action)]


def test_they_come_14_7_and_1_days_before_and_on_the_day(
    acme: Acme, made: Created, letters: Letters
) -> None:
    days = []
    for day in range(95):
        if reminded(acme, letters):
            days.append(day)
        acme.go_on(DAY)
    assert days == [76, 83, 89, 90]
    assert told(acme) == [14, 7, 1, 0]
    assert len(letters.sent) == 4
    assert letters.sent[0].to == "owner@example.com"
    assert "Planner" in letters.sent[0].text
    assert made.issued.secret.reveal() not in letters.sent[0].text


def test_each_goes_out_once_whoever_looks(
    acme: Acme, made: Created, letters: Letters
) -> None:
    """Also across restarts, and by several workers at the same time."""
    acme.go_on(80 * DAY)
    claims = [claimed(acme, name=f"chores_{n}") for n in range(4)]
    threads = [
        threading.Thread(target=reminded, args=(acme, letters, one)) for one in claims
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reminded(acme, letters) == 0
    assert len(letters.sent) == 1
    assert told(acme) == [10]


def test_a_worker_that_was_overtaken_mails_nobody(
    acme: Acme, made: Created, letters: Letters
) -> None:
    acme.go_on(80 * DAY)
    slept = claimed(acme, "nod_1")
    acme.clock.at_us += HELD_US
    claimed(acme, "nod_2")
    with pytest.raises(Overtaken):
        reminded(acme, letters, slept)
    assert letters.sent == []
    assert told(acme) == []


def test_after_a_rotation_they_begin_anew(
    acme: Acme, made: Created, letters: Letters
) -> None:
    acme.go_on(80 * DAY)
    reminded(acme, letters)
    rotate(acme, made)
    acme.go_on(70 * DAY)
    assert reminded(acme, letters) == 0
    acme.go_on(7 * DAY)
    assert reminded(acme, letters) == 1


def test_who_was_away_for_long_sends_the_latest_alone(
    acme: Acme, made: Created, letters: Letters
) -> None:
    acme.go_on(200 * DAY)
    assert reminded(acme, letters) == 1
    assert reminded(acme, letters) == 0
    assert "overdue" in letters.sent[0].text


def test_the_narrowest_schedule_holds(acme: Acme, letters: Letters) -> None:
    """A key's own before its application's."""
    acme.api()
    shared = acme.key("Shared")
    own = acme.key("Own", rotation=RotationSchedule(every_days=30))
    id = shared.view.key.application_id
    half = RotationSchedule(every_days=180)
    acme.write(lambda work: catalog.change_application(work, id, {"rotation": half}))
    due = {
        one.view.key.name: acme.read(partial(issue.get_key, id=one.view.key.id)).due_at
        for one in (shared, own)
    }
    now = acme.clock.at_us
    assert due == {"Shared": now + 180 * DAY_US, "Own": now + 30 * DAY_US}
    acme.go_on(28 * DAY)
    assert reminded(acme, letters) == 1
    assert "Own" in letters.sent[0].text
    assert "Shared" not in letters.sent[0].text


def test_a_key_that_ends_is_told_of_too(acme: Acme, letters: Letters) -> None:
    acme.api()
    ending = acme.key("Ending", ends_at=acme.clock.at_us + 20 * DAY_US)
    acme.key("Short", ends_at=acme.clock.at_us + DAY_US // 2)
    days = []
    for day in range(22):
        if reminded(acme, letters):
            days.append(day)
        acme.go_on(DAY)
    assert days == [6, 13, 19]
    assert told(acme, "key.expiring") == [14, 7, 1]
    view = acme.read(lambda look: issue.get_key(look, ending.view.key.id))
    assert view.state is KeyState.EXPIRED


def test_keys_that_are_over_are_nobody_s_concern(
    acme: Acme, made: Created, letters: Letters
) -> None:
    gone = acme.key("Gone", rotation=QUARTERLY)
    acme.write(lambda work: issue.revoke_key(work, made.view.key.id))
    acme.write(lambda work: issue.delete_key(work, gone.view.key.id))
    acme.go_on(90 * DAY)
    assert reminded(acme, letters) == 0


def test_many_keys_are_one_letter(acme: Acme, letters: Letters) -> None:
    """A thousand mails on one morning are read by nobody."""
    acme.api()
    for number in range(120):
        acme.key(f"Key {number}", rotation=QUARTERLY)
    acme.go_on(90 * DAY)
    assert reminded(acme, letters) == 120
    (letter,) = letters.sent
    assert "120 keys" in letter.subject
    assert "and 70 more" in letter.text


def test_an_application_s_schedule_is_kept(acme: Acme, made: Created) -> None:
    id = made.view.key.application_id
    acme.write(lambda work: catalog.change_application(work, id, {"rotation": QUARTERLY}))
    with acme.database.rows.reading() as tx:
        row = tx.get(Application, id)
    assert row is not None
    assert row.rotation == QUARTERLY


def test_who_answers_for_a_key_hears_of_it_and_of_no_other(
    acme: Acme, letters: Letters
) -> None:
    acme.api()
    now = acme.office.clock.now_us()
    person = Person(
        id=acme.office.new_id(ids.PERSON, now),
        name="Dev",
        email="dev@example.com",
        created_at=now,
        updated_at=now,
    )
    member = Member(
        id=f"{acme.organization}/{person.id}",
        organization_id=acme.organization,
        person_id=person.id,
        role=Role.DEVELOPER,
        created_at=now,
        updated_at=now,
    )
    with acme.office.rows.writing() as tx:
        tx.insert(person)
        tx.insert(member)
    acme.key("Theirs", rotation=QUARTERLY, owner=person.id)
    acme.key("Other", rotation=QUARTERLY)
    acme.go_on(90 * DAY)
    assert reminded(acme, letters) == 2
    (own,) = [one for one in letters.sent if one.to == "dev@example.com"]
    assert "Theirs" in own.text
    assert "Other" not in own.text


def test_a_key_that_was_reminded_of_can_go_for_good(
    acme: Acme, made: Created, letters: Letters
) -> None:
    acme.go_on(90 * DAY)
    assert reminded(acme, letters) == 1
    acme.write(lambda work: issue.delete_key(work, made.view.key.id))
    acme.go_on(31 * DAY)
    assert issue.purge_keys(acme.office, claimed(acme)) == 1
