"""A POST that is sent twice is done once, whatever breaks in between."""

from collections.abc import Callable

import pytest

from keyhouse.core.entities import IdempotencyRow, Project, Resource
from keyhouse.core.records import GrantRecord
from keyhouse.services.actor import Actor
from keyhouse.services.idempotency import Once, Shaped, once
from keyhouse.services.refusals import Mismatch
from keyhouse.services.tenants import bootstrap, create_project
from keyhouse.services.work import Office, Work

KEY = Once("retry", "fingerprint")


@pytest.fixture
def actor(office: Office) -> Actor:
    made = bootstrap(office, "owner@example.com", "Acme", "default", fresh_key=False)
    organization = made.organization_id
    everything = frozenset("*")
    grant = GrantRecord(Resource.ORGANIZATION, organization, organization, None, everything)
    return Actor("key_1", organization, (grant,))


def _make(name: str) -> Callable[[Work], Project]:
    return lambda work: create_project(work, name=name)


def _shape(project: Project) -> Shaped:
    return Shaped({"id": project.id}, "a secret")


def _count(office: Office) -> tuple[int, int]:
    with office.rows.reading() as tx:
        return len(tx.find(Project)), len(tx.find(IdempotencyRow))


def _remembered(office: Office) -> list[IdempotencyRow]:
    with office.rows.reading() as tx:
        return tx.find(IdempotencyRow)


def test_replay_gives_the_first_answer_and_no_secret(office: Office, actor: Actor) -> None:
    first = once(office, actor, _make("a"), _shape, status=201, key=KEY)
    again = once(office, actor, _make("a"), _shape, status=201, key=KEY)
    assert (first.secret, again.secret) == ("a secret", None)
    assert again.replayed
    assert (again.status, again.answer) == (201, first.answer)
    assert _count(office) == (2, 1)


def test_the_secret_is_not_kept_with_the_answer(office: Office, actor: Actor) -> None:
    once(office, actor, _make("a"), _shape, status=201, key=KEY)
    with office.rows.reading() as tx:
        (row,) = tx.find(IdempotencyRow)
    assert "a secret" not in repr(row)


def test_key_of_another_request_is_refused(office: Office, actor: Actor) -> None:
    once(office, actor, _make("a"), _shape, status=201, key=KEY)
    other = Once(KEY.key, "another")
    with pytest.raises(Mismatch):
        once(office, actor, _make("b"), _shape, status=201, key=other)
    assert _count(office) == (2, 1)


def test_death_after_the_effect_leaves_neither_effect_nor_record(
    office: Office, actor: Actor
) -> None:
    """Else the repeat would do it twice, or never."""

    def die(project: Project) -> Shaped:
        raise KeyboardInterrupt

    before = _count(office)
    with pytest.raises(KeyboardInterrupt):
        once(office, actor, _make("a"), die, status=201, key=KEY)
    assert _count(office) == before
    assert not once(office, actor, _make("a"), _shape, status=201, key=KEY).replayed


def test_a_claim_lost_to_another_is_replayed(office: Office, actor: Actor) -> None:
    """PostgreSQL: both looked, both found nothing, the other one committed first."""
    first = once(office, actor, _make("a"), _shape, status=201, key=KEY)
    found = [None, *_remembered(office)]

    def late(*_: object) -> IdempotencyRow | None:
        return found.pop(0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("keyhouse.services.idempotency.commands.find_remembered", late)
        again = once(office, actor, _make("a"), _shape, status=201, key=KEY)
    assert again.replayed
    assert again.answer == first.answer


def test_keys_of_two_actors_do_not_meet(office: Office, actor: Actor) -> None:
    other = Actor("key_2", actor.organization_id, actor.grants)
    first = once(office, actor, _make("a"), _shape, status=201, key=KEY)
    second = once(office, other, _make("a"), _shape, status=201, key=KEY)
    assert first.answer != second.answer
