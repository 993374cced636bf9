"""A rotation is taken back while what it replaced still works."""

import pytest

from keyhouse.core.entities import KeyKind, SecretRow
from keyhouse.services import issue
from keyhouse.services.issue import Created, KeyView, SecretState
from keyhouse.services.refusals import Forbidden, Taken
from tests.servers.acme import Acme
from tests.services.rotation.working import DAY, audited, begin, rotate, states

BACK = [(2, SecretState.REVOKED), (1, SecretState.ACTIVE)]


@pytest.fixture
def made(acme: Acme) -> Created:
    acme.api()
    return acme.key()


def roll_back(acme: Acme, made: Created) -> KeyView:
    return acme.write(lambda work: issue.roll_back(work, made.view.key.id))


def old(acme: Acme, made: Created) -> SecretRow:
    with acme.database.rows.reading() as tx:
        (row,) = tx.find(SecretRow, key_id=made.view.key.id, version=1)
    return row


@pytest.mark.parametrize(
    ("overlap", "on_first_use"), [(DAY, False), (DAY, True), (0, True), (None, False)]
)
def test_the_old_one_goes_on_as_if_nothing_had_been(
    acme: Acme, made: Created, overlap: int | None, on_first_use: bool
) -> None:
    before = old(acme, made)
    rotate(acme, made, overlap, on_first_use=on_first_use)
    roll_back(acme, made)
    assert states(acme, made) == BACK
    assert old(acme, made) == before
    (row,) = audited(acme, "key.roll_back")
    assert row.after == {"version": 2}
    acme.book(made, version=2)
    assert begin(acme) == 0


def test_the_key_is_known_by_the_secret_that_works_again(acme: Acme, made: Created) -> None:
    """Who holds the refused one would take it for the key's otherwise."""
    rotate(acme, made, DAY)
    assert roll_back(acme, made).hint == made.view.hint


def test_also_once_the_overlap_has_begun_by_the_first_use(
    acme: Acme, made: Created
) -> None:
    before = old(acme, made)
    rotate(acme, made, DAY, on_first_use=True)
    acme.book(made, version=2)
    begin(acme)
    roll_back(acme, made)
    assert old(acme, made) == before


def test_an_end_of_an_earlier_rotation_stays(acme: Acme, made: Created) -> None:
    rotate(acme, made, DAY)
    before = old(acme, made)
    rotate(acme, made, 60)
    roll_back(acme, made)
    assert old(acme, made) == before
    assert states(acme, made)[1:] == [(2, SecretState.ACTIVE), (1, SecretState.ENDING)]


def test_what_came_to_its_own_end_meanwhile_is_no_hindrance(
    acme: Acme, made: Created
) -> None:
    rotate(acme, made, 60)
    rotate(acme, made, DAY)
    acme.go_on(61)
    roll_back(acme, made)
    assert states(acme, made)[1:] == [(2, SecretState.ACTIVE), (1, SecretState.ENDED)]


@pytest.mark.parametrize(("overlap", "later"), [(0, 0), (60, 61)])
def test_once_the_overlap_is_over_it_is_final(
    acme: Acme, made: Created, overlap: int, later: int
) -> None:
    """What was refused once is not let in again: somebody may have found it."""
    rotate(acme, made, overlap)
    acme.go_on(later)
    with pytest.raises(Taken, match="final"):
        roll_back(acme, made)
    assert states(acme, made)[0] == (2, SecretState.ACTIVE)


def test_after_a_change_by_hand_it_is_refused(acme: Acme, made: Created) -> None:
    rotate(acme, made, DAY)
    id = made.view.key.id
    first = old(acme, made).id
    acme.write(lambda work: issue.end_secret(work, id, first))
    with pytest.raises(Taken, match="final"):
        roll_back(acme, made)
    rotate(acme, made, DAY)
    roll_back(acme, made)
    with pytest.raises(Taken, match="already"):
        roll_back(acme, made)


def test_a_key_that_was_never_rotated_has_nothing_to_take_back(
    acme: Acme, made: Created
) -> None:
    with pytest.raises(Taken, match="replaced no secret"):
        roll_back(acme, made)


def test_nobody_takes_hold_of_a_key_that_may_do_more(acme: Acme) -> None:
    acme.api()
    manager = acme.key("Manager", kind=KeyKind.MANAGEMENT)
    rotate(acme, manager, DAY)
    id = manager.view.key.id
    with pytest.raises(Forbidden):
        acme.write(lambda work: issue.roll_back(work, id), acme.holding("keys:write"))
    assert states(acme, manager)[0] == (2, SecretState.ACTIVE)
