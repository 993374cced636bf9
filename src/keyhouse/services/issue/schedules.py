"""Whose schedule says when a key's secret is to be replaced.

The narrowest holds: the key's own, else its application's, else the strictest of
the plans by which it opens what it opens.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from keyhouse.core.entities import (
    Access,
    Application,
    Key,
    KeyKind,
    Plan,
    PlanVersion,
    Resource,
    RotationSchedule,
    SecretRow,
    version_id,
)
from keyhouse.core.rotation import due_us, newest_of, strictest
from keyhouse.ports import Transaction


class Holder(StrEnum):
    """Whose schedule holds."""

    KEY = "key"
    APPLICATION = "application"
    PLAN = "plan"


class Scheduled(NamedTuple):
    """The schedule that holds for a key, and whose it is; `plan_id` if it is a plan's."""

    schedule: RotationSchedule
    holder: Holder
    plan_id: str | None = None


def schedules_of(
    tx: Transaction, keys: Sequence[Key], access: Mapping[str, Sequence[Access]]
) -> Mapping[str, Scheduled]:
    """By key the schedule that holds; keys that have none are left out.

    `access` are the rows of each key, by its id. A management key opens nothing
    by a plan.
    """
    homes = tuple({key.application_id for key in keys if key.rotation is None})
    shared = {one.id: one.rotation for one in tx.find(Application, id=homes)}
    found: dict[str, Scheduled] = {}
    rest: list[Key] = []
    for key in keys:
        above = shared.get(key.application_id)
        if key.rotation is not None:
            found[key.id] = Scheduled(key.rotation, Holder.KEY)
        elif above is not None:
            found[key.id] = Scheduled(above, Holder.APPLICATION)
        elif key.kind is not KeyKind.MANAGEMENT:
            rest.append(key)
    return found | _of_plans(tx, rest, access)


def schedule_of_key(tx: Transaction, key: Key) -> Scheduled | None:
    """The schedule that holds for one key."""
    rows = tx.find(Access, key_id=key.id)
    return schedules_of(tx, [key], {key.id: rows}).get(key.id)


def due_dates(tx: Transaction, keys: Sequence[Key], now_us: int) -> Mapping[str, int]:
    """When each of these keys is to get a new secret, of those that ever are."""
    ids = tuple(key.id for key in keys)
    access: dict[str, list[Access]] = defaultdict(list)
    for row in tx.find(Access, key_id=ids):
        access[row.key_id].append(row)
    found = schedules_of(tx, keys, access)
    secrets: dict[str, list[SecretRow]] = defaultdict(list)
    for secret in tx.find(SecretRow, key_id=tuple(found)) if found else ():
        secrets[secret.key_id].append(secret)
    dates = {
        id: due_us(one.schedule, newest_of(secrets[id], now_us))
        for id, one in found.items()
    }
    return {id: at for id, at in dates.items() if at is not None}


def _of_plans(
    tx: Transaction, keys: Sequence[Key], access: Mapping[str, Sequence[Access]]
) -> dict[str, Scheduled]:
    homes = tuple({key.application_id for key in keys})
    links = tx.plans_with_schedule(homes) if homes else []
    if not links:
        return {}
    plans = _opening(tx, {link.plan_id for link in links})
    by: dict[tuple[str, str], Plan] = {}
    for link in links:
        plan, opened = plans[link.plan_id]
        if link.api_id in opened:
            by[link.application_id, link.api_id] = plan
    found = {}
    for key in keys:
        ways = (
            (key.application_id, row.resource_id)
            for row in access.get(key.id, ())
            if row.resource is Resource.API
        )
        held = _strictest(by[way] for way in ways if way in by)
        if held is not None:
            found[key.id] = held
    return found


def _opening(tx: Transaction, ids: Iterable[str]) -> dict[str, tuple[Plan, set[str]]]:
    """Plans by id, each with the APIs that its newest version opens."""
    plans = tx.find(Plan, id=tuple(ids))
    newest = tuple(version_id(plan.id, plan.version) for plan in plans)
    opened = {
        version.plan_id: {one.api_id for one in version.access}
        for version in tx.find(PlanVersion, id=newest)
    }
    return {plan.id: (plan, opened.get(plan.id, set())) for plan in plans}


def _strictest(plans: Iterable[Plan]) -> Scheduled | None:
    held = {plan.id: plan for plan in plans if plan.rotation is not None}
    schedule = strictest(one.rotation for one in held.values() if one.rotation)
    if schedule is None:
        return None
    # Of two plans that say the same, the same one whenever it is asked.
    plan_id = min(id for id, one in held.items() if one.rotation == schedule)
    return Scheduled(schedule, Holder.PLAN, plan_id)
