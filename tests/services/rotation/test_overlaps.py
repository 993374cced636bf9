"""An overlap that begins with the first use of the new secret."""

import threading

import pytest

from keyhouse.core.entities import KeyKind, SecretRow
from keyhouse.services import issue
from keyhouse.services.issue import Created, SecretState
from keyhouse.services.jobs import Overtaken
from keyhouse.services.jobs.holding import HELD_US
from keyhouse.services.refusals import Invalid
from tests.servers.acme import Acme
from tests.services.rotation.working import (
    DAY,
    DAY_US,
    audited,
    begin,
    claimed,
    ends,
    rotate,
    states,
)

BOTH = [(2, SecretState.ACTIVE), (1, SecretState.ACTIVE)]


@pytest.fixture
def made(acme: Acme) -> Created:
    acme.api()
    return acme.key()


def test_until_the_new_one_is_used_the_old_one_goes_on(acme: Acme, made: Created) -> None:
    rotate(acme, made, DAY, on_first_use=True)
    acme.book(made, version=1)
    acme.go_on(300 * DAY)
    assert begin(acme) == 0
    assert states(acme, made) == BOTH


def test_the_overlap_counts_from_the_first_use_however_late_it_is_noticed(
    acme: Acme, made: Created
) -> None:
    """A worker that was away must not lengthen it, nor must later calls."""
    rotate(acme, made, DAY, on_first_use=True)
    acme.go_on(100)
    first = acme.clock.at_us
    acme.book(made, version=2)
    acme.go_on(3600)
    acme.book(made, version=2)
    assert begin(acme) == 1
    assert states(acme, made) == [(2, SecretState.ACTIVE), (1, SecretState.ENDING)]
    assert ends(acme, made, 1) == first + DAY_US
    acme.go_on(DAY)
    assert states(acme, made) == [(2, SecretState.ACTIVE), (1, SecretState.ENDED)]


def test_it_begins_once(acme: Acme, made: Created) -> None:
    rotate(acme, made, DAY, on_first_use=True)
    acme.book(made, version=2)
    assert begin(acme) == 1
    before = ends(acme, made, 1)
    acme.go_on(60)
    acme.book(made, version=2)
    assert begin(acme) == 0
    assert ends(acme, made, 1) == before
    (row,) = audited(acme, "key.overlap")
    assert (row.actor, row.subject) == ("worker", made.view.key.id)


def test_of_workers_at_the_same_time_one_begins_it(acme: Acme, made: Created) -> None:
    rotate(acme, made, DAY, on_first_use=True)
    acme.book(made, version=2)
    claims = [claimed(acme, name=f"chores_{n}") for n in range(4)]
    begun: list[int] = []
    threads = [
        threading.Thread(target=lambda one=one: begun.append(begin(acme, one)))
        for one in claims
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(begun) == [0, 0, 0, 1]
    assert len(audited(acme, "key.overlap")) == 1


def test_a_worker_that_was_overtaken_begins_nothing(acme: Acme, made: Created) -> None:
    rotate(acme, made, DAY, on_first_use=True)
    acme.book(made, version=2)
    slept = claimed(acme, "nod_1")
    acme.clock.at_us += HELD_US
    claimed(acme, "nod_2")
    with pytest.raises(Overtaken):
        begin(acme, slept)
    assert states(acme, made) == BOTH


def test_without_an_overlap_the_first_use_ends_the_old_one(
    acme: Acme, made: Created
) -> None:
    rotate(acme, made, 0, on_first_use=True)
    assert states(acme, made) == BOTH
    acme.book(made, version=2)
    assert begin(acme) == 1
    assert states(acme, made) == [(2, SecretState.ACTIVE), (1, SecretState.REVOKED)]


def test_a_new_one_that_was_ended_begins_nothing(acme: Acme, made: Created) -> None:
    """Else the last secret that works would end, with nobody told."""
    rotate(acme, made, DAY, on_first_use=True)
    found = acme.read(lambda look: issue.list_secrets(look, made.view.key.id))
    acme.write(lambda work: issue.end_secret(work, made.view.key.id, found[0].secret.id))
    acme.book(made, version=2)
    assert begin(acme) == 0
    assert states(acme, made)[1] == (1, SecretState.ACTIVE)


def test_the_use_of_a_still_newer_one_counts_too(acme: Acme, made: Created) -> None:
    """Who skips a secret has left the older ones behind all the same."""
    rotate(acme, made, 10 * DAY, on_first_use=True)
    rotate(acme, made, DAY, on_first_use=True)
    acme.book(made, version=3)
    assert begin(acme) == 2
    now = acme.clock.at_us
    assert (ends(acme, made, 1), ends(acme, made, 2)) == (now + DAY_US, now + DAY_US)


def test_a_wait_makes_no_secret_last_longer(acme: Acme, made: Created) -> None:
    rotate(acme, made, 60)
    before = ends(acme, made, 1)
    rotate(acme, made, 30 * DAY, on_first_use=True)
    acme.book(made, version=3)
    begin(acme)
    assert ends(acme, made, 1) == before


def test_a_rotation_that_ends_what_waits_is_not_undone_by_the_use(
    acme: Acme, made: Created
) -> None:
    rotate(acme, made, 30 * DAY, on_first_use=True)
    rotate(acme, made, 60)
    before = ends(acme, made, 1)
    acme.book(made, version=2)
    begin(acme)
    assert ends(acme, made, 1) == before


def test_until_ended_by_hand_it_has_no_end(acme: Acme, made: Created) -> None:
    rotate(acme, made, None)
    acme.book(made, version=2)
    acme.go_on(1000 * DAY)
    assert begin(acme) == 0
    assert states(acme, made) == BOTH
    with acme.database.rows.reading() as tx:
        (old,) = tx.find(SecretRow, key_id=made.view.key.id, version=1)
    assert old.replaced_at is not None


def test_what_cannot_begin_is_refused(acme: Acme, made: Created) -> None:
    with pytest.raises(Invalid, match="on_first_use"):
        rotate(acme, made, None, on_first_use=True)
    manager = acme.key("Manager", kind=KeyKind.MANAGEMENT)
    with pytest.raises(Invalid, match="not for management keys"):
        rotate(acme, manager, DAY, on_first_use=True)
