"""Reading subscriptions."""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from keyhouse.core.entities import Application, Plan, Subscription, SubscriptionState
from keyhouse.ports import Page
from keyhouse.services.actor import Reach
from keyhouse.services.plans.opening import LIVE
from keyhouse.services.plans.parties import READ_SUBSCRIPTIONS, reached_subscription
from keyhouse.services.work import Look, Turn

_COUNTED_MAX: Final = 1000


class Side(StrEnum):
    """Whose subscriptions are wanted: those to own plans, or of own applications."""

    PROVIDER = "provider"
    CONSUMER = "consumer"


class SubscriptionFilter(NamedTuple):
    """Which subscriptions are wanted; `plan` and `application` are ids."""

    side: Side = Side.PROVIDER
    plan: str | None = None
    application: str | None = None
    state: SubscriptionState | None = None


def get_subscription(look: Look, id: str) -> Subscription:
    """A subscription within reach, of either side."""
    return reached_subscription(look, READ_SUBSCRIPTIONS, id).subscription


def list_subscriptions(look: Look, turn: Turn, wanted: SubscriptionFilter) -> Page:
    """Subscriptions within reach, the newest first.

    A page may hold fewer than its limit, and even none, and yet have a next.
    """
    reach = look.actor.reach(READ_SUBSCRIPTIONS)
    equals: dict[str, object] = {f"{wanted.side}_id": look.actor.organization_id}
    if wanted.plan is not None:
        equals["plan_id"] = wanted.plan
    if wanted.application is not None:
        equals["application_id"] = wanted.application
    if wanted.state is not None:
        equals["state"] = wanted.state
    page = look.page(Subscription, turn, equals)
    return Page(_within(look, reach, wanted.side, page.rows), page.next_cursor)


class Subscribers(NamedTuple):
    """How many plans have, and whether that is all of them."""

    by_plan: Mapping[str, int]
    are_all: bool


def count_subscribers(look: Look, plan_ids: Sequence[str]) -> Subscribers:
    """The subscriptions to own plans that have not ended, up to 1,000 of all together."""
    page = look.tx.page(
        Subscription,
        after=None,
        limit=_COUNTED_MAX,
        plan_id=tuple(plan_ids),
        provider_id=look.actor.organization_id,
        state=LIVE,
    )
    by_plan = Counter(row.plan_id for row in page.rows)
    return Subscribers(by_plan, page.next_cursor is None)


def _within(
    look: Look, reach: Reach, side: Side, rows: list[Subscription]
) -> list[Subscription]:
    """Those whose plan or application is in a project within reach."""
    if reach.whole:
        return rows
    projects: dict[str, str] = {}
    if side is Side.PROVIDER:
        plans = look.tx.find(Plan, id=tuple({row.plan_id for row in rows}))
        projects = {plan.id: plan.project_id for plan in plans}
    else:
        ids = tuple({row.application_id for row in rows})
        projects = {one.id: one.project_id for one in look.tx.find(Application, id=ids)}
    return [
        row
        for row in rows
        if reach.holds_project(
            projects[row.plan_id if side is Side.PROVIDER else row.application_id]
        )
    ]
