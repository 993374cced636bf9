"""Rows of results, and the two files that tell them."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent
_INTRODUCTION = """\
# Keyhouse beside its peers

Written by `make bench` from `results.json`; never edited by hand.

One core serves, the other holds the load (wrk) and a trivial upstream. Each
value is the median of rounds in which the programs took turns; behind it the
lowest and highest round. The gateway runs as it is shipped, with everything
on: key look-up, a network restriction, two rate limits, a quota, metering and
the request log. Envoy checks a key (api_key_auth) and one local rate limit;
nginx checks nothing. Callers keep their connections and send the same request
again, which helps a gateway that remembers heads, as ours does; one row tells
what is left of that where no two requests are alike. A round with one failed
request fails the whole run.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One result. Without a goal it is told for comparison, and `holds` is None."""

    what: str
    value: float | str
    goal: str | None = None
    holds: bool | None = None
    spread: tuple[float, float] | None = None


def at_least(what: str, goal: float, values: Sequence[float]) -> Row:
    """The median of `values`, which should be `goal` or more."""
    row = median(what, values)
    held = float(row.value) >= goal
    return Row(what, row.value, f">= {goal:g}", held, row.spread)


def at_most(what: str, goal: float, value: float) -> Row:
    """A value that should be `goal` or less."""
    return Row(what, _rounded(value), f"<= {goal:g}", value <= goal)


def between(what: str, lowest: int, highest: int, value: int) -> Row:
    """A count that should be within bounds."""
    return Row(what, value, f"{lowest} to {highest}", lowest <= value <= highest)


def median(what: str, values: Sequence[float]) -> Row:
    """The median of `values`, and their spread."""
    spread = (_rounded(min(values)), _rounded(max(values)))
    return Row(what, _rounded(statistics.median(values)), spread=spread)


def write(rows: Sequence[Row]) -> None:
    """results.json, and RESULTS.md rendered from it."""
    told = as_json(rows)
    (_FOLDER / "results.json").write_text(told + "\n", "utf-8")
    (_FOLDER / "RESULTS.md").write_text(rendered(told), "utf-8")


def rendered(told: str) -> str:
    """RESULTS.md, as results.json says it."""
    return f"{_INTRODUCTION}\n{table([Row(**row) for row in json.loads(told)])}\n"


def as_json(rows: Sequence[Row]) -> str:
    """The rows as a JSON list of objects."""
    told = [
        {
            "what": row.what,
            "goal": row.goal,
            "value": row.value,
            "holds": row.holds,
            "spread": row.spread,
        }
        for row in rows
    ]
    return json.dumps(told, indent=2, ensure_ascii=False)


def table(rows: Sequence[Row]) -> str:
    """The rows as a table in Markdown."""
    lines = ["| what | value | lowest to highest | goal | holds |", "|---|---|---|---|---|"]
    for row in rows:
        spread = " to ".join(_shown(end) for end in row.spread) if row.spread else ""
        holds = {True: "yes", False: "**no**", None: ""}[row.holds]
        cells = (row.what, _shown(row.value), spread, row.goal or "", holds)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _rounded(value: float) -> float:
    return round(value) if abs(value) >= 100 else round(value, 2)


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,}"
