"""Counts of what happens seldom: by any number of threads."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from keyhouse.core.metrics import Readings, Values
from keyhouse.ports import Mail, Sent, WebhookSender
from keyhouse.services.jobs import Claim, Overtaken, Task

CONSOLE_REQUESTS: Final = "console_requests_total"
"""By page and status."""
WAYS_MAX: Final = 2048
"""Label values of one metric. They are bounded where they come from; this is a fence."""


class Tally:
    """Counts by metric and labels."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Readings = {}

    def add(self, name: str, *labels: str) -> None:
        """One more."""
        with self._lock:
            values = self._counts.setdefault(name, {})
            before = values.get(labels, 0)
            if isinstance(before, (int, float)) and _has_room(values, labels):
                values[labels] = before + 1

    def set(self, name: str, value: float, *labels: str) -> None:
        """It is this much now."""
        with self._lock:
            values = self._counts.setdefault(name, {})
            if _has_room(values, labels):
                values[labels] = value

    def add_to(self, readings: Readings) -> None:
        """Tell all counts."""
        with self._lock:
            readings.update({name: dict(found) for name, found in self._counts.items()})


def _has_room(values: Values, labels: tuple[str, ...]) -> bool:
    return labels in values or len(values) < WAYS_MAX


def counted_tasks(tasks: Iterable[Task], tally: Tally) -> tuple[Task, ...]:
    """The same tasks, with each round told to the tally."""
    return tuple(_counted(task, tally) for task in tasks)


def _counted(task: Task, tally: Tally) -> Task:
    def run(claim: Claim) -> None:
        try:
            task.run(claim)
        except Overtaken:
            raise  # another process does it, and counts it
        except Exception:
            tally.add("job_runs_total", task.name, "failed")
            raise
        tally.add("job_runs_total", task.name, "done")
        tally.set("job_last_success_timestamp_seconds", time.time(), task.name)

    return task._replace(run=run)


class CountedSender:
    """`ports.WebhookSender` that tells a tally what came of each attempt."""

    def __init__(self, sender: WebhookSender, tally: Tally) -> None:
        self._sender = sender
        self._tally = tally

    async def send(
        self, url: str, headers: Mapping[str, str], body: bytes, *, private: bool
    ) -> Sent:
        """As the sender that it stands for."""
        sent = await self._sender.send(url, headers, body, private=private)
        status = sent.status
        if status is None:
            outcome = "unreachable"
        else:
            outcome = "delivered" if 200 <= status < 300 else "refused"
        self._tally.add("webhook_attempts_total", outcome)
        return sent

    async def close(self) -> None:
        """As the sender that it stands for."""
        await self._sender.close()


def counted_delivery(
    deliver: Callable[[Mail], None], tally: Tally
) -> Callable[[Mail], None]:
    """The same delivery, with each try told to the tally."""

    def counted(mail: Mail) -> None:
        try:
            deliver(mail)
        except Exception:
            tally.add("mails_total", "failed")
            raise
        tally.add("mails_total", "sent")

    return counted
