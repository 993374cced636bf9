"""Limits as they are written on the line."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from keyhouse.doors.cli.entries import WrongUse

RATE_HELP = "NAME=UNITS/SECONDS[:BURST], as per-minute=60/60 or steady=10/1:30. Repeatable."
QUOTA_HELP = "NAME=UNITS/WINDOW[@ZONE], as daily=1000/day@Europe/Berlin. Repeatable."

Rates = Annotated[list[str] | None, typer.Option("--rate", help=RATE_HELP)]
Quotas = Annotated[list[str] | None, typer.Option("--quota", help=QUOTA_HELP)]
NoLimits = Annotated[bool, typer.Option("--no-limits", help="Take all its limits away.")]

_RATE = re.compile(r"([^=]+)=(\d+)/(\d+)(?::(\d+))?")
_QUOTA = re.compile(r"([^=]+)=(\d+)/(hour|day|week|month)(?:@([\w/+-]+))?")


def limits(
    rates: Sequence[str] | None, quotas: Sequence[str] | None
) -> list[dict[str, Any]]:
    """The management API's form. Raises WrongUse for what can't be read."""
    return [*map(_rate, rates or ()), *map(_quota, quotas or ())]


def changed(
    rates: Sequence[str] | None, quotas: Sequence[str] | None, *, none: bool
) -> list[dict[str, Any]] | None:
    """The limits that replace all there are; None where none were named."""
    return [] if none else limits(rates, quotas) or None


def _rate(text: str) -> dict[str, Any]:
    match = _RATE.fullmatch(text)
    if match is None:
        raise WrongUse(f"--rate {text}: write {RATE_HELP}")
    name, rate, seconds, burst = match.groups()
    found: dict[str, Any] = {
        "name": name,
        "rate": int(rate),
        "period_seconds": int(seconds),
    }
    return {**found, "burst": int(burst)} if burst else found


def _quota(text: str) -> dict[str, Any]:
    match = _QUOTA.fullmatch(text)
    if match is None:
        raise WrongUse(f"--quota {text}: write {QUOTA_HELP}")
    name, quota, window, zone = match.groups()
    return {"name": name, "quota": int(quota), "window": window, "zone": zone or "UTC"}
