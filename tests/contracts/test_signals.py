"""What nodes tell workers, on each database."""

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.entities import Signal, SignalKind


def _signal(number: int, digest: bytes = b"d" * 32) -> Signal:
    return Signal(
        id=f"rehash/sec_{number}",
        kind=SignalKind.REHASH,
        secret_id=f"sec_{number}",
        pepper_id="pep_1",
        digest=digest,
        at=number,
    )


@pytest.mark.parametrize("count", [0, 1, 500])
def test_signals_are_there_for_the_worker(database: Database, count: int) -> None:
    signals = [_signal(number) for number in range(count)]
    database.signals.send(signals)
    with database.rows.reading() as rows:
        found = rows.find(Signal)
    assert sorted(found, key=lambda one: one.at) == signals


def test_a_signal_that_is_there_already_stays(database: Database) -> None:
    """Nodes tell the same, and none of them knows of the others."""
    database.signals.send([_signal(1)])
    database.signals.send([_signal(2), _signal(1, b"x" * 32)])
    with database.rows.reading() as rows:
        assert rows.find(Signal) == [_signal(1), _signal(2)]


def test_signals_are_no_news_to_the_data_plane(database: Database) -> None:
    database.signals.send([_signal(1)])
    assert database.keys.load([]).seq == 0
