"""What becomes of the rate with more keys in the database, and with a second worker."""

import contextlib
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from bench import gateway, peers, results
from bench.due import once
from bench.pace import Pace
from bench.processes import Cores
from bench.results import Row
from bench.scene import CROWD, Rounds
from bench.side_by_side import WARM_PER_SECOND, Samples, rate_of

KEYS = 100_000
_PART = "Growth"


def more_keys(cores: Cores, pace: Pace, folder: Path) -> list[Row]:
    """The same thousand callers, in a database of a thousand keys and of many."""
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(peers.upstream(cores))
        targets = []
        for count in (CROWD, KEYS):
            name = f"Keyhouse, {count:,} keys"
            house = folder / f"keys-{count}"
            prepared = gateway.prepare(house, cores, upstream, crowd=count)
            running = gateway.gateway(prepared, cores.server, name=name)
            target = stack.enter_context(running).proxy()
            once(target, core=cores.load, rate=WARM_PER_SECOND)
            targets.append(target)
        alone = [one.alone for one in targets]
        ran = Rounds(cores, pace).run(alone)
        crowded = Rounds(cores, pace).run(targets)
    return [
        *_told(" in the database, one calls", ran),
        *_told(" in the database, a thousand call", crowded),
    ]


def more_workers(cores: Cores, pace: Pace, folder: Path) -> list[Row]:
    """`keyhouse serve` with one worker and with two, on both cores beside the load.

    With two cores the load shares one with a worker, and two workers count rates
    on a Valkey, which shares one as well; so what is told is less than two
    cores of one's own give.
    """
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(peers.upstream(cores))
        targets = [
            stack.enter_context(_served(cores, folder, upstream, workers)).proxy().alone
            for workers in (1, 2)
        ]
        ran = Rounds(cores, pace).run(targets)
    one, two = (rate_of(target.name, ran) for target in targets)
    ratio = [b / a for a, b in zip(one, two, strict=True)]
    row = results.median(
        "two workers, rates on Valkey ÷ one, on two cores that the load shares", ratio
    )
    return [*_told("", ran), replace(row, part=_PART)]


@contextlib.contextmanager
def _served(
    cores: Cores, folder: Path, upstream: int, workers: int
) -> Generator[gateway.Gateway]:
    name = f"Keyhouse, {workers} worker{'s' if workers > 1 else ''}"
    house = folder / f"workers-{workers}"
    prepared = gateway.prepare(house, cores, upstream)
    both = f"{cores.server},{cores.load}"
    more = {"KEYHOUSE_GATEWAY__WORKERS": str(workers)}
    with gateway.gateway(prepared, both, name=name, command="serve", more=more) as running:
        yield running


def _told(more: str, ran: Samples) -> list[Row]:
    rows = [
        results.median(f"{name}{more}, requests/s", rate_of(name, ran)) for name in ran[0]
    ]
    return [replace(row, part=_PART) for row in rows]
