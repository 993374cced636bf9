"""What a step is, and how steps are told."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the story: the status that came and the one that should.

    `ok` also says that the answer held what it should. `ms` is the time of
    the call, or of the waiting where the step waits for something.
    """

    step: str
    expected: int
    status: int
    ok: bool
    ms: float
    detail: str = ""


Tell = Callable[[Step], None]


def as_line(step: Step) -> str:
    """A step for people: a tick, the status, what was done, how long, what came."""
    mark = "✓" if step.ok else "✗"
    expected = "" if step.status == step.expected else f" (expected {step.expected})"
    told = f"{mark} {step.status or '---'}  {step.step}{expected}"
    return f"{told:<66} {step.ms:7.1f} ms  {step.detail}".rstrip()


def as_json(steps: Sequence[Step]) -> str:
    """All steps for programs: a list of objects."""
    return json.dumps([asdict(step) for step in steps], indent=2, ensure_ascii=False)


def table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """Rows under their columns' names, in columns."""
    lines = [columns, *([str(row.get(name, "")) for name in columns] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )


def say(text: str, *, aside: bool = False) -> None:
    """A line to stdout; `aside` to stderr, where stdout is for a program."""
    out = sys.stderr if aside else sys.stdout
    out.write(text + "\n")
    out.flush()
