"""A task of the worker, and its rounds."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from keyhouse.ports import Clock, Rows
from keyhouse.services.jobs.holding import HELD_US, Claim, Holding, Overtaken

_SECOND_US = 1_000_000
_log = logging.getLogger(__name__)


class Task(NamedTuple):
    """What is to happen every so often, in one process of the installation.

    `run` blocks, on a thread. It begins each of its writing transactions with
    `claim.fence(tx)`, keeps them short, and looks at `claim.stopped()` between
    them. It may be run again after any part of it, by another process too.
    """

    name: str
    every_seconds: float
    run: Callable[[Claim], None]


class Round(NamedTuple):
    """A task as one process comes to it: `run` is given what says that it is to end."""

    name: str
    every_seconds: float
    run: Callable[[Callable[[], bool]], None]
    end: Callable[[], None]


def rounds_of(
    tasks: Sequence[Task], rows: Rows, clock: Clock, holder: str
) -> tuple[Round, ...]:
    """The rounds of these tasks in the process that goes by the name `holder`.

    One with a short period stays with its process while that lives; one with a
    long period is let go after each round, and then done by whoever comes first.
    """
    made = []
    for task in tasks:
        every_us = round(task.every_seconds * _SECOND_US)
        holding = Holding(rows, clock, task.name, holder, every_us)
        run = partial(_round, task, holding)
        made.append(Round(task.name, task.every_seconds, run, partial(_end, holding)))
    return tuple(made)


def _round(task: Task, holding: Holding, stop: Callable[[], bool]) -> None:
    claim = holding.claim(stop)
    if claim is None:
        return
    try:
        task.run(claim)
    except Overtaken:
        _log.info("%s went on in another process", task.name)
        return
    due_us = round(task.every_seconds * _SECOND_US)
    if due_us >= HELD_US and not stop():
        holding.release(due_us)


def _end(holding: Holding) -> None:
    """At a clean stop others may go on at once."""
    holding.release(0)
