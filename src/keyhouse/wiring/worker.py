"""What happens on its own, as a list of tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyhouse.adapters.system import SystemClock, SystemEntropy
from keyhouse.core import ids

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keyhouse.adapters.database import Database
    from keyhouse.doors.worker import Round
    from keyhouse.services.jobs import Claim
    from keyhouse.settings import Settings

UPKEEP_SECONDS = 3600.0


def rounds_of_worker(settings: Settings, database: Database) -> Sequence[Round]:
    """What the worker of this process does, as far as no other process does it."""
    from keyhouse.services.jobs import Task, rounds_of

    tasks = (Task("upkeep", UPKEEP_SECONDS, _upkeep(settings, database)),)
    clock, entropy = SystemClock(), SystemEntropy()
    holder = ids.make_id(ids.NODE, clock.now_us(), entropy.take(ids.ENTROPY_BYTES))
    return rounds_of(tasks, database.rows, clock, holder)


def _upkeep(settings: Settings, database: Database) -> Callable[[Claim], None]:
    from keyhouse.services.upkeep import Retention, keep_up

    kept = Retention(settings.requests.retention_days, settings.usage.retention_days)

    def run(claim: Claim) -> None:
        keep_up(database.upkeep, SystemClock(), kept, claim.stopped)

    return run
