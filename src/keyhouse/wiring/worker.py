"""What happens on its own, as a list of tasks."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from keyhouse.adapters.system import SystemClock, SystemEntropy
from keyhouse.core import ids
from keyhouse.wiring.desks import mailer, office_of
from keyhouse.wiring.folder import open_checked
from keyhouse.wiring.metrics import measured
from keyhouse.wiring.signals import nobody, stop_on_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keyhouse.adapters.database import Database
    from keyhouse.doors.worker import Round
    from keyhouse.ports import Mailer
    from keyhouse.services.jobs import Claim
    from keyhouse.services.metrics import Tally
    from keyhouse.services.work import Office
    from keyhouse.settings import Settings

UPKEEP_SECONDS = 3600.0
EVENTS_SECONDS = 1.0
"""How late at most an event sets out."""
OVERLAPS_SECONDS = 1.0
REMINDERS_SECONDS = 3600.0
SIGNALS_SECONDS = 1.0
IMPORTS_SECONDS = 2.0
ROLLUP_SECONDS = 10.0
NETWORKS_SECONDS = 2.0
SPIKES_SECONDS = 30.0


def run_worker(settings: Settings, ready: Callable[[], None] = nobody) -> int:
    """The worker alone, until SIGTERM or SIGINT; `ready` is called once it begins.

    Any number may run, beside management APIs that have one of their own: each
    task is done by one process at a time. Raises SettingsError and
    StoreUnavailable.
    """
    with open_checked(settings) as database:
        return asyncio.run(_alone(settings, database, ready))


async def _alone(settings: Settings, database: Database, ready: Callable[[], None]) -> int:
    from keyhouse.doors.worker import work
    from keyhouse.services.metrics import Tally

    stop, tally = stop_on_signals(), Tally()
    outbox = mailer(settings, tally)
    office = office_of(settings, database)
    try:
        rounds = rounds_of_worker(settings, database, office, outbox, tally)
        async with measured(settings, "worker", tally.add_to):
            ready()
            await work(rounds, stop)
    finally:
        await asyncio.to_thread(outbox.close)
    return 0


def rounds_of_worker(
    settings: Settings, database: Database, office: Office, outbox: Mailer, tally: Tally
) -> Sequence[Round]:
    """What the worker of this process does, as far as no other process does it."""
    from keyhouse.services.imports import tidy_imports
    from keyhouse.services.jobs import Task, rounds_of
    from keyhouse.services.metrics import counted_tasks
    from keyhouse.services.signals import apply_signals

    tasks = (
        Task("upkeep", UPKEEP_SECONDS, _upkeep(settings, database)),
        Task("noticed", EVENTS_SECONDS, _noticed(database)),
        Task("webhooks", EVENTS_SECONDS, _webhooks(office, database, outbox, tally)),
        Task("overlaps", OVERLAPS_SECONDS, _overlaps(office)),
        Task("reminders", REMINDERS_SECONDS, _reminders(settings, office, outbox)),
        Task("keys.purge", UPKEEP_SECONDS, _purging(office)),
        Task("signals", SIGNALS_SECONDS, partial(apply_signals, office)),
        Task("usage.rollup", ROLLUP_SECONDS, _rolling(database)),
        Task("watch.networks", NETWORKS_SECONDS, _judging(database)),
        Task("watch.spikes", SPIKES_SECONDS, _spikes(database)),
        Task("imports", IMPORTS_SECONDS, partial(tidy_imports, office)),
    )
    clock, entropy = SystemClock(), SystemEntropy()
    holder = ids.make_id(ids.NODE, clock.now_us(), entropy.take(ids.ENTROPY_BYTES))
    return rounds_of(counted_tasks(tasks, tally), database.rows, clock, holder)


def _purging(office: Office) -> Callable[[Claim], None]:
    from keyhouse.services.issue import purge_keys

    def run(claim: Claim) -> None:
        purge_keys(office, claim)

    return run


def _upkeep(settings: Settings, database: Database) -> Callable[[Claim], None]:
    from keyhouse.services.upkeep import Retention, UsageRetention, keep_up

    usage = settings.usage
    kept = Retention(
        settings.requests.retention_days,
        UsageRetention(
            usage.minute_retention_hours,
            usage.quarter_hour_retention_days,
            usage.retention_days,
            usage.month_retention_years,
            min(usage.retention_days, usage.observed_retention_days),
        ),
        settings.webhooks.retention_days,
    )

    def run(claim: Claim) -> None:
        keep_up(database.upkeep, SystemClock(), kept, claim.stopped)

    return run


def _rolling(database: Database) -> Callable[[Claim], None]:
    from keyhouse.services.upkeep import roll_up_usage

    def run(claim: Claim) -> None:
        roll_up_usage(database.rows, SystemClock(), claim)

    return run


def _judging(database: Database) -> Callable[[Claim], None]:
    from keyhouse.services.watch import judge_networks

    def run(claim: Claim) -> None:
        judge_networks(claim, database.rows, SystemClock())

    return run


def _spikes(database: Database) -> Callable[[Claim], None]:
    from keyhouse.services.watch import SpikeWatch

    watch = SpikeWatch(database.rows, database.watch, SystemClock())

    def run(claim: Claim) -> None:
        watch.look(claim)

    return run


def _noticed(database: Database) -> Callable[[Claim], None]:
    from keyhouse.services.events import tell_noticed

    clock, entropy = SystemClock(), SystemEntropy()

    def new_id(prefix: str) -> str:
        return ids.make_id(prefix, clock.now_us(), entropy.take(ids.ENTROPY_BYTES))

    def run(claim: Claim) -> None:
        tell_noticed(claim, database.rows, clock, new_id)

    return run


def _webhooks(
    office: Office, database: Database, outbox: Mailer, tally: Tally
) -> Callable[[Claim], None]:
    from keyhouse.adapters.webhook import HttpWebhookSender, tls_context
    from keyhouse.services.metrics import CountedSender
    from keyhouse.services.webhooks import Courier

    context = tls_context()
    courier = Courier(
        office=office,
        queue=database.deliveries,
        open_sender=lambda: CountedSender(HttpWebhookSender(context), tally),
        mailer=outbox,
    )
    return courier.deliver


def _overlaps(office: Office) -> Callable[[Claim], None]:
    from keyhouse.services.rotation import begin_overlaps

    def run(claim: Claim) -> None:
        begin_overlaps(office, claim)

    return run


def _reminders(
    settings: Settings, office: Office, outbox: Mailer
) -> Callable[[Claim], None]:
    from keyhouse.services.rotation import remind

    def run(claim: Claim) -> None:
        remind(office, outbox, settings.management.url, claim)

    return run
