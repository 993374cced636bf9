"""The bench: start all, let them take turns, tell the rows.

Exits with 1 where a goal is missed, with 2 where nothing could be measured.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench import growth, in_process, latency, machine, results, revocation, shared
from bench.pace import FULL, QUICK, Pace
from bench.processes import BenchFailed, Cores, two_cores
from bench.profile import profile
from bench.results import Row
from bench.scene import scene
from bench.side_by_side import at_once, connections, many_keys, unlike


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and tell; returns the exit code."""
    parser = argparse.ArgumentParser(prog="bench/run.py", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="the main rows, in short rounds"
    )
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="sample the gateway")
    options = parser.parse_args(arguments)
    try:
        if options.profile:
            profile(options.profile)
            return 0
        rows = measured(QUICK if options.quick else FULL)
    except BenchFailed as failure:
        print(failure, file=sys.stderr)
        return 2
    results.write(rows)
    print(results.as_json(rows) if options.json else results.table(rows))
    return 1 if any(row.holds is False for row in rows) else 0


def measured(pace: Pace) -> list[Row]:
    """All rows of that pace, those of one part behind each other."""
    cores = two_cores()
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            *_served(cores, pace, Path(folder)),
            *shared.shared_rates(cores, pace, Path(folder) / "shared"),
            *in_process.decided(cores, pace),
            *in_process.held(cores, pace),
            *revocation.here(cores, Path(folder) / "here"),
        ]
        if pace.is_full:
            rows += [
                *in_process.cold(cores),
                *revocation.on_nodes(cores, Path(folder) / "nodes"),
                *growth.more_keys(cores, pace, Path(folder)),
                *growth.more_workers(cores, pace, Path(folder)),
            ]
    told = f"{pace.rounds} rounds of {pace.seconds} s"
    facts = [Row("rounds", told), *(Row(*fact) for fact in machine.facts().items())]
    return [*rows, *[replace(fact, part="The machine") for fact in facts]]


def _served(cores: Cores, pace: Pace, folder: Path) -> list[Row]:
    """All that runs side by side."""
    with scene(cores, pace, folder) as running:
        rows, seen = at_once(running)
        rows += latency.latencies(running, seen)
        rows += unlike(running)
        if pace.is_full:
            rows += many_keys(running)
            rows += connections(running)
    difference = running.rounds.difference(running.prepared)
    return [*rows, replace(difference, part="Metering")]


if __name__ == "__main__":
    sys.exit(main())
