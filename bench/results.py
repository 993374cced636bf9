"""Rows of results, and the two files that tell them."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.goals import GOALS
from bench.notes import NOTES

_FOLDER = Path(__file__).parent
_INTRODUCTION = """\
# Keyhouse beside its peers

Written by `make bench` from `results.json`; never edited by hand.

One core serves, the other holds the load (wrk) and a trivial upstream. Each
value is the median of rounds in which the programs took turns; behind it the
lowest and highest round. The gateway runs as it is shipped, its hot path
compiled, with everything on: key look-up, a network restriction, two rate
limits, a quota, metering and the request log. Envoy checks a key
(api_key_auth) and one local rate limit; nginx with Lua and HAProxy look a key
up and count it; nginx, Caddy and Traefik check nothing, unless they ask
Keyhouse (forward-auth). Callers keep their connections. Where not said
otherwise each sends the same request again, which helps a gateway that
remembers heads, as ours does; the rows with unlike requests, bodies and keys
tell what is left of that. A round with one failed request fails the whole run.

Latencies are those of an open-loop load: a request counts from the moment it
was due, whether or not the one before it was answered. They are measured
behind a second that does not count, but for the row that tells of it: after a
pause connections are opened, and we lease of the quota anew. 'CPU' is user and
system time of the serving processes, for a request. A goal has a bound that
must hold and one that would be better; where a row falls short, a line
beneath the table says what the profile shows.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One result. Without a goal it is told for comparison, and `holds` is None.

    `stretch` is the goal that would be better still, `reached` whether it is.
    """

    what: str
    value: float | str
    goal: str | None = None
    holds: bool | None = None
    spread: tuple[float, float] | None = None
    stretch: str | None = None
    reached: bool | None = None
    part: str = ""


def median(what: str, values: Sequence[float]) -> Row:
    """The median of `values`, their spread, and what `goals` says of it."""
    spread = (_rounded(min(values)), _rounded(max(values)))
    told = spread if len(values) > 1 else None
    return single(what, statistics.median(values), told)


def single(what: str, value: float, spread: tuple[float, float] | None = None) -> Row:
    """A value, and what `goals` says of it."""
    goal = GOALS.get(what)
    if goal is None:
        return Row(what, _rounded(value), spread=spread)
    return Row(
        what,
        _rounded(value),
        f"{goal.sign} {goal.must:g}",
        goal.holds(value),
        spread,
        f"{goal.sign} {goal.stretch:g}",
        goal.is_reached(value),
    )


def between(what: str, lowest: int, highest: int, value: int) -> Row:
    """A count that should be within bounds."""
    return Row(what, value, f"{lowest} to {highest}", lowest <= value <= highest)


def write(rows: Sequence[Row]) -> None:
    """results.json, and RESULTS.md rendered from it."""
    told = as_json(rows)
    (_FOLDER / "results.json").write_text(told + "\n", "utf-8")
    (_FOLDER / "RESULTS.md").write_text(rendered(told), "utf-8")


def rendered(told: str, notes: Mapping[str, str] = NOTES) -> str:
    """RESULTS.md, as results.json says it."""
    rows = [Row(**row) for row in json.loads(told)]
    pieces = [_INTRODUCTION]
    goals = [row for row in rows if row.stretch is not None]
    if goals:
        pieces.append(f"## Goals\n\n{table(goals)}\n")
        pieces += [
            f"- {row.what}: {notes[row.what]}\n"
            for row in goals
            if row.holds is False and row.what in notes
        ]
    for part in dict.fromkeys(row.part for row in rows if row.stretch is None):
        heading = f"## {part}\n\n" if part else ""
        of_it = [row for row in rows if row.part == part and row.stretch is None]
        pieces.append(f"{heading}{table(of_it)}\n")
    return "\n".join(pieces)


def as_json(rows: Sequence[Row]) -> str:
    """The rows as a JSON list of objects."""
    return json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False)


def table(rows: Sequence[Row]) -> str:
    """The rows as a table in Markdown, with the columns that they need."""
    columns = [
        ("what", [row.what for row in rows]),
        ("value", [_shown(row.value) for row in rows]),
        ("lowest to highest", [_spread(row) for row in rows]),
        ("must be", [row.goal or "" for row in rows]),
        ("holds", [_yes(row.holds) for row in rows]),
        ("better", [row.stretch or "" for row in rows]),
        ("reached", [_yes(row.reached) for row in rows]),
    ]
    needed = columns[:2] + [one for one in columns[2:] if any(one[1])]
    lines = [[name for name, _ in needed], ["---"] * len(needed)]
    lines += [list(cells) for cells in zip(*(cells for _, cells in needed), strict=True)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _spread(row: Row) -> str:
    return " to ".join(_shown(end) for end in row.spread) if row.spread else ""


def _yes(holds: bool | None) -> str:
    return {True: "yes", False: "**no**", None: ""}[holds]


def _rounded(value: float) -> float:
    """To three figures or so; a ratio is not to look as if it held."""
    if abs(value) >= 100:
        return round(value)
    return round(value, 2 if abs(value) >= 1 else 3)


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,}"
