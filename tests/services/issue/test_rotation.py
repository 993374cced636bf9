"""Replacing a key's secret: the key stays what it was."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from keyhouse.core.entities import AuditRow, KeyKind, Limit, LimitKind, SecretRow
from keyhouse.services import issue
from keyhouse.services.issue import Created, SecretState, SecretView
from keyhouse.services.issue.rotation import SECRETS_MAX
from keyhouse.services.refusals import Forbidden, Invalid, NotFound, Taken
from tests.servers.acme import Acme

DAY = 86_400
RATE = Limit(name="per-minute", kind=LimitKind.RATE, amount=60, period_seconds=60)


@pytest.fixture
def made(acme: Acme) -> Created:
    acme.api()
    return acme.key(limits=(RATE,))


def rotate(acme: Acme, made: Created, seconds: int) -> Created:
    return acme.write(lambda work: issue.rotate_key(work, made.view.key.id, seconds))


def secrets(acme: Acme, made: Created) -> list[SecretView]:
    return acme.read(lambda look: issue.list_secrets(look, made.view.key.id))


def states(acme: Acme, made: Created) -> list[tuple[int, SecretState]]:
    return [(view.secret.version, view.state) for view in secrets(acme, made)]


def test_id_limits_and_access_stay_and_the_secret_is_new(acme: Acme, made: Created) -> None:
    """Whoever replaces a secret must not lose what hangs on the key."""
    new = rotate(acme, made, DAY)
    assert new.view.key == made.view.key
    assert new.view.access == made.view.access
    assert new.issued.secret.reveal() != made.issued.secret.reveal()
    assert new.view.hint == new.issued.secret.hint


def test_with_an_overlap_both_work_until_it_is_over(acme: Acme, made: Created) -> None:
    rotate(acme, made, DAY)
    assert states(acme, made) == [(2, SecretState.ACTIVE), (1, SecretState.ENDING)]
    old = secrets(acme, made)[1]
    assert old.until is not None
    assert abs(old.until - acme.office.clock.now_us() - DAY * 1_000_000) < 60_000_000
    acme.go_on(DAY + 1)
    assert states(acme, made) == [(2, SecretState.ACTIVE), (1, SecretState.ENDED)]


def test_without_an_overlap_all_older_ones_are_refused(acme: Acme, made: Created) -> None:
    """A leak is answered at once, whatever overlap was granted before."""
    rotate(acme, made, DAY)
    rotate(acme, made, 0)
    assert states(acme, made) == [
        (3, SecretState.ACTIVE),
        (2, SecretState.REVOKED),
        (1, SecretState.REVOKED),
    ]


def test_an_overlap_makes_no_secret_last_longer(acme: Acme, made: Created) -> None:
    rotate(acme, made, 60)
    before = secrets(acme, made)[1].until
    rotate(acme, made, 30 * DAY)
    assert secrets(acme, made)[2].until == before


def test_last_use_is_told_of_each_secret(acme: Acme, made: Created) -> None:
    """The page shows whether the old one may go."""
    rotate(acme, made, DAY)
    assert [view.last_used_at for view in secrets(acme, made)] == [None, None]
    acme.book(made, version=1)
    new, old = secrets(acme, made)
    assert new.last_used_at is None
    assert old.last_used_at is not None


@pytest.mark.parametrize("seconds", [-1, issue.OVERLAP_SECONDS_MAX + 1])
def test_an_overlap_beyond_bounds_is_refused(
    acme: Acme, made: Created, seconds: int
) -> None:
    with pytest.raises(Invalid, match="overlap_seconds"):
        rotate(acme, made, seconds)
    assert len(secrets(acme, made)) == 1


def test_a_key_that_is_over_gets_no_secret(acme: Acme, made: Created) -> None:
    """It would be handed out, and open nothing."""
    ends = acme.office.clock.now_us() + 1_000_000
    expiring = acme.key(ends_at=ends)
    acme.go_on(2)
    with pytest.raises(Taken, match="ended"):
        rotate(acme, expiring, 0)
    acme.write(lambda work: issue.revoke_key(work, made.view.key.id))
    with pytest.raises(Taken, match="revoked"):
        rotate(acme, made, 0)
    acme.write(lambda work: issue.delete_key(work, made.view.key.id))
    with pytest.raises(Taken, match="deleted"):
        rotate(acme, made, 0)


def test_nor_does_one_that_was_disabled_before_it_ended(acme: Acme) -> None:
    """To enable it would not make the new secret open anything."""
    acme.api()
    made = acme.key(ends_at=acme.office.clock.now_us() + 1_000_000)
    acme.write(lambda work: issue.disable_key(work, made.view.key.id))
    rotate(acme, made, DAY)
    acme.go_on(2)
    with pytest.raises(Taken, match="ended"):
        rotate(acme, made, 0)
    with pytest.raises(Taken, match="ended"):
        acme.write(lambda work: issue.roll_back(work, made.view.key.id))


def test_secrets_that_work_at_once_are_bounded(acme: Acme, made: Created) -> None:
    """The data plane holds them all, in every process."""
    for _ in range(SECRETS_MAX - 1):
        rotate(acme, made, DAY)
    with pytest.raises(Taken, match="secrets of the key"):
        rotate(acme, made, DAY)
    rotate(acme, made, 0)


def test_one_secret_can_be_ended_and_the_last_not(acme: Acme, made: Created) -> None:
    rotate(acme, made, DAY)
    new, old = (view.secret for view in secrets(acme, made))
    for _ in range(2):
        acme.write(lambda work: issue.end_secret(work, made.view.key.id, old.id))
        assert states(acme, made) == [(2, SecretState.ACTIVE), (1, SecretState.REVOKED)]
    with pytest.raises(Taken, match="only one"):
        acme.write(lambda work: issue.end_secret(work, made.view.key.id, new.id))


def test_a_secret_of_another_key_is_not_found(acme: Acme, made: Created) -> None:
    (other,) = secrets(acme, acme.key("Other"))
    for id in (other.secret.id, "sec_0", "nonsense"):
        with pytest.raises(NotFound):
            acme.write(partial(issue.end_secret, id=made.view.key.id, secret_id=id))


def test_nobody_takes_hold_of_a_key_that_may_do_more(acme: Acme, made: Created) -> None:
    """Else a developer gets an owner's rights by rotating the operator's key."""
    developer = acme.holding("keys:*", "apis:read")
    operator = acme.management_key
    with pytest.raises(Forbidden):
        acme.write(lambda work: issue.rotate_key(work, operator, 0), developer)
    acme.write(lambda work: issue.rotate_key(work, made.view.key.id, 0), developer)
    narrow = acme.key("Manager", kind=KeyKind.MANAGEMENT)
    acme.write(lambda work: issue.rotate_key(work, narrow.view.key.id, 0), developer)


def test_rotations_at_the_same_time_follow_each_other(acme: Acme, made: Created) -> None:
    """Two people at once: neither fails, and each secret has a version of its own."""
    with ThreadPoolExecutor(6) as pool:
        new = list(pool.map(lambda _: rotate(acme, made, DAY), range(6)))
    assert len({one.issued.secret.reveal() for one in new}) == 6
    assert [version for version, _ in states(acme, made)] == [7, 6, 5, 4, 3, 2, 1]


def test_audit_tells_of_it_and_no_secret(acme: Acme, made: Created) -> None:
    new = rotate(acme, made, DAY)
    with acme.database.rows.reading() as tx:
        rows = tx.find(AuditRow)
        kept = tx.find(SecretRow, key_id=made.view.key.id)
    (row,) = [row for row in rows if row.action == "key.rotate"]
    assert row.after == {"version": 2, "overlap_seconds": DAY}
    assert {"secret.create", "secret.end"} <= {row.action for row in rows}
    told = repr((rows, kept))
    assert new.issued.secret.reveal() not in told
    assert kept[0].digest.hex() not in told
