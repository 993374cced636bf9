"""How rotations stand, what is due, and calendars that tell of it."""

import pytest

from keyhouse.core.addresses import parse_address
from keyhouse.core.entities import Calendar, KeyKind, Organization, Person, RotationSchedule
from keyhouse.core.usage import LogRow, UsageBatch, Use
from keyhouse.core.verdict import Verdict
from keyhouse.services import issue, rotation
from keyhouse.services.issue import Created, Usual
from keyhouse.services.meter import RequestIds
from keyhouse.services.refusals import Invalid, Taken
from keyhouse.services.rotation import CalendarMade, RotationState
from keyhouse.services.rotation.calendars import CALENDARS_MAX
from keyhouse.services.work import Turn
from tests.servers.acme import Acme
from tests.services.rotation.working import DAY, DAY_US, rotate

MONTHLY = RotationSchedule(every_days=30, overlap_seconds=DAY)


@pytest.fixture
def made(acme: Acme) -> Created:
    acme.api()
    return acme.key(rotation=MONTHLY)


def standing(acme: Acme, made: Created, *scopes: str) -> rotation.RotationView:
    actor = acme.holding(*(scopes or ("*",)))
    return acme.read(lambda look: rotation.get_rotation(look, made.view.key.id), actor)


def call(acme: Acme, made: Created, version: int, *calls: tuple[str, str]) -> None:
    """Lines of the log, and the bucket that counts them."""
    acme.book(made, len(calls), version=version)
    key, (opened, *_) = made.view.key, made.view.access
    own = key.organization_id
    use = Use(
        own, own, opened.resource_id, "", key.id, version, key.application_id, "test", ""
    )
    at_us = acme.clock.now_us()
    made_ids = RequestIds(bytes(15) + bytes([version]))
    log = [
        LogRow(
            made_ids.make(at_us),
            at_us,
            use,
            Verdict.VALID.number,
            "GET",
            path,
            parse_address(address),
            200,
            5,
        )
        for address, path in calls
    ]
    spool = f"spl_{version}_{at_us}"
    acme.database.sink.open_spool(spool, "nod_1", "boot")
    assert acme.database.sink.book(UsageBatch(spool, 0, 1, log=log))


def test_who_still_calls_with_the_old_one_and_from_where(acme: Acme, made: Created) -> None:
    """So the forgotten cron job is found before the overlap is over."""
    rotate(acme, made, 7 * DAY)
    here, there = "203.0.113.7", "2001:db8::7"
    call(acme, made, 1, (here, "/weather/a"), (here, "/weather/a"), (there, "/weather/b"))
    call(acme, made, 2, (here, "/weather/new"))
    new, old = standing(acme, made).secrets
    assert (old.view.secret.version, old.requests_hour, old.requests_day) == (1, 3, 3)
    assert old.addresses is not None
    assert [(one.what, one.requests) for one in old.addresses] == [(here, 2), (there, 1)]
    assert old.calls is not None
    assert [one.what for one in old.calls] == ["GET /weather/a", "GET /weather/b"]
    assert new.calls is not None
    assert [one.what for one in new.calls] == ["GET /weather/new"]
    acme.go_on(3 * 3600)
    _, old = standing(acme, made).secrets
    assert (old.requests_hour, old.requests_day) == (0, 3)


def test_counts_and_callers_need_their_own_scopes(acme: Acme, made: Created) -> None:
    call(acme, made, 1, ("203.0.113.7", "/weather/a"))
    (one,) = standing(acme, made, "keys:read").secrets
    assert (one.requests_hour, one.addresses, one.calls) == (None, None, None)
    (one,) = standing(acme, made, "keys:read", "usage:read").secrets
    assert (one.requests_hour, one.addresses) == (1, None)


def test_a_rotation_is_due_so_long_after_the_newest_secret(
    acme: Acme, made: Created
) -> None:
    found = standing(acme, made)
    assert found.state is RotationState.SCHEDULED
    assert found.scheduled is not None
    assert found.scheduled.holder == "key"
    assert found.due_at == acme.clock.at_us + 30 * DAY_US
    acme.go_on(30 * DAY)
    assert standing(acme, made).state is RotationState.ROTATION_DUE
    rotate(acme, made)
    assert standing(acme, made).state is RotationState.SCHEDULED


def test_taking_a_rotation_back_makes_it_due_again(acme: Acme, made: Created) -> None:
    before = standing(acme, made).due_at
    acme.go_on(DAY)
    rotate(acme, made)
    assert standing(acme, made).roll_back_not is None
    acme.write(lambda work: issue.roll_back(work, made.view.key.id))
    assert standing(acme, made).due_at == before


def test_the_usual_overlap_is_the_schedule_s(acme: Acme, made: Created) -> None:
    id = made.view.key.id
    acme.write(lambda work: issue.rotate_key(work, id, Usual.OVERLAP))
    _, old = standing(acme, made).secrets
    assert old.view.secret.ends_at == acme.clock.at_us + DAY_US
    other = acme.key("Other").view.key.id
    with pytest.raises(Invalid, match="overlap_seconds"):
        acme.write(lambda work: issue.rotate_key(work, other, Usual.OVERLAP))


@pytest.mark.parametrize(
    "wrong",
    [
        RotationSchedule(every_days=0),
        RotationSchedule(every_days=3651),
        RotationSchedule(every_days=1, overlap_seconds=DAY + 1),
        RotationSchedule(every_days=1, overlap_seconds=-1),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(acme: Acme, wrong: RotationSchedule) -> None:
    acme.api()
    with pytest.raises(Invalid, match="rotation"):
        acme.key(rotation=wrong)


def due(acme: Acme, days: int, limit: int = 50) -> list[tuple[str, str]]:
    found, cursor = [], None
    while True:
        page = acme.read(
            lambda look, at=cursor: rotation.list_due(look, Turn(at, limit), days)  # type: ignore[misc]
        )
        found += [(one.key.name, one.kind.value) for one in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            return sorted(found)


def test_what_is_due_is_listed_page_by_page(acme: Acme, made: Created) -> None:
    acme.key("Ending", ends_at=acme.clock.at_us + 10 * DAY_US, rotation=MONTHLY)
    acme.key("Plain")
    acme.key("Late", ends_at=acme.clock.at_us + 300 * DAY_US)
    assert due(acme, 5) == []
    assert due(acme, 11) == [("Ending", "expiry")]
    all_ = [("Ending", "expiry"), ("Ending", "rotation"), ("Planner", "rotation")]
    assert due(acme, 31) == all_
    assert due(acme, 31, limit=1) == all_
    acme.go_on(40 * DAY)
    assert due(acme, 0) == [("Planner", "rotation")]


# -- calendars ------------------------------------------------------------------


def calendar(acme: Acme, by: str | None = None) -> CalendarMade:
    actor = acme.holding("*")
    if by is not None:
        actor = type(actor)(by, actor.organization_id, actor.grants)
    return acme.write(lambda work: rotation.create_calendar(work, "on call"), actor)


def owner(acme: Acme) -> Person:
    with acme.database.rows.reading() as tx:
        (person,) = tx.find(Person)
    return person


def test_a_calendar_shows_what_is_due_the_soonest_first(acme: Acme, made: Created) -> None:
    acme.key("Ending", ends_at=acme.clock.at_us + 10 * DAY_US)
    made_ = calendar(acme, owner(acme).id)
    feed = rotation.read_feed(acme.office, made_.token)
    assert feed is not None
    assert [one.key.name for one in feed.events] == ["Ending", "Planner"]
    with acme.database.rows.reading() as tx:
        assert made_.token not in repr(tx.find(Calendar))


def test_any_other_text_opens_nothing(acme: Acme, made: Created) -> None:
    token = calendar(acme, owner(acme).id).token
    for text in ("", "x", token[:-1], token + "A", token[:-1] + "\0", "é" * 43, "A" * 43):
        assert rotation.read_feed(acme.office, text) is None


def test_it_closes_with_whoever_made_it(acme: Acme, made: Created) -> None:
    """Somebody who left must not go on reading by an old address."""
    person = owner(acme)
    by_person = calendar(acme, person.id).token
    by_key = calendar(acme, acme.management_key).token
    by_poor_key = calendar(acme, acme.key("Poor", kind=KeyKind.MANAGEMENT).view.key.id)
    assert rotation.read_feed(acme.office, by_poor_key.token) is None
    assert rotation.read_feed(acme.office, by_person) is not None
    assert rotation.read_feed(acme.office, by_key) is not None
    acme.write(lambda work: issue.disable_key(work, acme.management_key))
    assert rotation.read_feed(acme.office, by_key) is None
    with acme.database.rows.writing() as tx:
        tx.update(person, disabled_at=1)
    assert rotation.read_feed(acme.office, by_person) is None
    with acme.database.rows.writing() as tx:
        tx.update(person, disabled_at=None)
        home = tx.get(Organization, acme.organization)
        assert home is not None
        tx.update(home, disabled_at=1)
    assert rotation.read_feed(acme.office, by_person) is None


def test_a_deleted_one_is_closed_and_their_number_bounded(acme: Acme) -> None:
    person = owner(acme).id
    first = calendar(acme, person)
    for _ in range(CALENDARS_MAX - 1):
        calendar(acme, person)
    with pytest.raises(Taken, match="already"):
        calendar(acme, person)
    acme.write(lambda work: rotation.delete_calendar(work, first.calendar.id))
    assert rotation.read_feed(acme.office, first.token) is None
