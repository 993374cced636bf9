"""`--rotate-every` of keys, applications and plans."""

from typing import Annotated, Any

import typer

from keyhouse.doors.cli.durations import seconds
from keyhouse.doors.cli.entries import WrongUse

_DAY_SECONDS = 86_400

RotateEvery = Annotated[
    str | None,
    typer.Option(
        help="A new secret is due so long after the last: 90d, with its usual "
        "overlap 90d/7d."
    ),
]
NoRotation = Annotated[
    bool, typer.Option("--no-rotation", help="No new secret is ever due.")
]


def schedule(text: str | None) -> dict[str, Any] | None:
    """The API's field for `90d` or `90d/7d`. Raises WrongUse for any other text."""
    if text is None:
        return None
    every, slash, overlap = text.partition("/")
    days, rest = divmod(seconds("--rotate-every", every), _DAY_SECONDS)
    if rest or not days:
        raise WrongUse(f"--rotate-every {text}: write whole days, as 90d")
    told: dict[str, Any] = {"every_days": days}
    if slash:
        told["overlap_seconds"] = seconds("--rotate-every", overlap)
    return told
