"""A plain hash is kept no longer than until its string comes."""

import logging

import pytest

from keyhouse.core import secret as secrets
from keyhouse.core.entities import AuditRow, SecretRow, Signal, SignalKind
from keyhouse.core.records import PartRef
from keyhouse.ports import StoreUnavailable
from keyhouse.services.jobs import Claim, Holding, Overtaken
from keyhouse.services.jobs.holding import HELD_US
from keyhouse.services.signals import Rehashes, apply_signals
from keyhouse.services.signals.applying import AT_ONCE
from keyhouse.services.signals.rehashes import WAITING_MAX
from tests.servers.acme import Acme
from tests.servers.control import KEYRING, PEPPER
from tests.services.imports.files import SCOPES, bring, claimed, hashes_of, string


@pytest.fixture
def kept(acme: Acme) -> list[SecretRow]:
    """Three secrets of which plain hashes are known."""
    acme.api("weather", scopes=SCOPES)
    bring(acme, hashes_of([1, 2, 3]))
    return secrets_of(acme)


def secrets_of(acme: Acme) -> list[SecretRow]:
    with acme.office.rows.reading() as tx:
        return tx.find(SecretRow, namespace=acme.project)


def signals_of(acme: Acme) -> list[Signal]:
    with acme.office.rows.reading() as tx:
        return tx.find(Signal)


def keyed(number: int) -> bytes:
    return secrets.digest(string(number).encode(), PEPPER.key)


def test_what_a_node_saw_is_written_down_by_a_worker(
    acme: Acme, kept: list[SecretRow]
) -> None:
    rehashes = Rehashes(KEYRING, acme.clock)
    rehashes.note(kept[0].id, keyed(1))
    rehashes.send(acme.database.signals)
    assert len(rehashes) == 0
    head = acme.database.keys.load([]).seq
    apply_signals(acme.office, claimed(acme))
    (row,) = [one for one in secrets_of(acme) if one.id == kept[0].id]
    assert (row.algorithm, row.pepper_id) == (secrets.ALGORITHM, PEPPER.id)
    assert (row.digest, row.namespace) == (keyed(1), acme.project)
    assert signals_of(acme) == []
    feed = acme.database.feed()
    assert [one.part for one in feed.read(head).rows] == [PartRef("key", row.key_id)]
    feed.close()
    with acme.office.rows.reading() as tx:
        (noted,) = tx.find(AuditRow, action="secret.rehash")
    assert (noted.actor, noted.before) == ("worker", {"algorithm": "sha256"})


def test_however_many_nodes_see_it_it_is_one_signal(
    acme: Acme, kept: list[SecretRow]
) -> None:
    for _ in range(3):
        node = Rehashes(KEYRING, acme.clock)
        node.note(kept[0].id, keyed(1))
        node.note(kept[0].id, keyed(1))
        node.send(acme.database.signals)
    assert len(signals_of(acme)) == 1
    apply_signals(acme.office, claimed(acme))
    first = secrets_of(acme)
    late = Rehashes(KEYRING, acme.clock)
    late.note(kept[0].id, b"x" * 32)
    late.send(acme.database.signals)
    apply_signals(acme.office, claimed(acme))
    assert secrets_of(acme) == first
    assert signals_of(acme) == []


def test_more_than_one_transaction_takes_are_all_done(acme: Acme) -> None:
    acme.api("weather", scopes=SCOPES)
    numbers = range(AT_ONCE * 2 + 7)
    bring(acme, hashes_of(numbers))
    node = Rehashes(KEYRING, acme.clock)
    for number, row in enumerate(secrets_of(acme)):
        node.note(row.id, keyed(10_000 + number))
    node.send(acme.database.signals)
    apply_signals(acme.office, claimed(acme))
    assert {row.algorithm for row in secrets_of(acme)} == {secrets.ALGORITHM}


def test_a_string_that_is_there_as_itself_too_is_no_fault(
    acme: Acme, kept: list[SecretRow]
) -> None:
    """The two were imported one after the other, and nothing told that they are one."""
    node = Rehashes(KEYRING, acme.clock)
    for row in kept[:2]:
        node.note(row.id, keyed(1))
    node.send(acme.database.signals)
    apply_signals(acme.office, claimed(acme))
    found = sorted(row.algorithm for row in secrets_of(acme))
    assert found == [secrets.ALGORITHM, "sha256", "sha256"]
    assert signals_of(acme) == []


def test_a_secret_that_is_gone_and_a_pepper_that_is_not_ours_change_nothing(
    acme: Acme, kept: list[SecretRow], caplog: pytest.LogCaptureFixture
) -> None:
    signals = [
        Signal(
            id=f"rehash/{secret_id}",
            kind=SignalKind.REHASH,
            secret_id=secret_id,
            pepper_id=pepper_id,
            digest=keyed(1),
            at=1,
        )
        for secret_id, pepper_id in (("sec_gone", PEPPER.id), (kept[0].id, "pep_other"))
    ]
    acme.database.signals.send(signals)
    with caplog.at_level(logging.WARNING):
        apply_signals(acme.office, claimed(acme))
    assert secrets_of(acme) == kept
    assert signals_of(acme) == []
    assert "pep_other" in caplog.text


def test_a_worker_that_was_overtaken_writes_nothing(
    acme: Acme, kept: list[SecretRow]
) -> None:
    node = Rehashes(KEYRING, acme.clock)
    node.note(kept[0].id, keyed(1))
    node.send(acme.database.signals)
    old = _held(acme, "nod_old")
    acme.go_on(2 * HELD_US / 1_000_000)
    _held(acme, "nod_new")
    with pytest.raises(Overtaken):
        apply_signals(acme.office, old)
    assert secrets_of(acme) == kept


def _held(acme: Acme, holder: str) -> Claim:
    claim = Holding(acme.office.rows, acme.clock, "signals", holder).claim(lambda: False)
    assert claim is not None
    return claim


class Away:
    """A database that does not answer."""

    def send(self, signals: object) -> None:
        raise StoreUnavailable("the test took it away")


def test_signals_wait_for_the_database_in_bounded_memory(
    acme: Acme, kept: list[SecretRow]
) -> None:
    node = Rehashes(KEYRING, acme.clock)
    node.note(kept[0].id, keyed(1))
    node.send(Away())
    assert len(node) == 1
    for number in range(WAITING_MAX + 50):
        node.note(f"sec_{number}", b"d" * 32)
    assert len(node) == WAITING_MAX
    node.send(acme.database.signals)
    assert len(node) == 0
    assert len(signals_of(acme)) == WAITING_MAX
