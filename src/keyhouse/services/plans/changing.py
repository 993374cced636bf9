"""Moving a subscription to another plan, and what one subscriber has of its own."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple
from zoneinfo import ZoneInfo

from keyhouse.core import ids
from keyhouse.core.entities import (
    Applies,
    Approval,
    Carried,
    Override,
    Plan,
    PlanLimit,
    Subscription,
)
from keyhouse.core.plans import carried_over, placed_at
from keyhouse.core.validation import TIME_US_MAX, Problem, check_number
from keyhouse.services.plans.contents import place_limits
from keyhouse.services.plans.opening import claim, counting_on, is_held_back
from keyhouse.services.plans.parties import (
    WRITE_SUBSCRIPTIONS,
    Seen,
    reached_subscription,
    rewritten,
    sold_subscription,
)
from keyhouse.services.plans.queries import found_plan, newest
from keyhouse.services.plans.states import demand_not_ended
from keyhouse.services.plans.subscribing import reached_offer, unknown_plan
from keyhouse.services.refusals import Invalid, Taken, refuse
from keyhouse.services.work import Work


class OverrideWish(NamedTuple):
    """A limit that one subscriber shall have, up to `ends_at`."""

    limit: PlanLimit
    ends_at: int | None = None


def move_subscription(
    work: Work, id: str, *, plan: str, applies: Applies = Applies.NOW
) -> Subscription:
    """Move a subscription to another plan of the same provider.

    What was used stays used, by the name of each limit. The new plan's quotas hold
    at once or, with `next_window`, the old ones up to the end of their windows:
    a second move to the same plan, `now`, lets go of these. Any to the same plan has
    it count on what was used of the APIs that the plan opens now.
    Who sells the new plan moves any subscription to it. A consumer moves its own
    only to a plan that it could subscribe to without anybody's approval.
    """
    seen = reached_subscription(work, WRITE_SUBSCRIPTIONS, id)
    row = seen.subscription
    demand_not_ended(row)
    target, sells = _target(work, seen, plan)
    opened = [one.api_id for one in newest(work, target).access]
    if target.id == row.plan_id and (applies is Applies.NEXT_WINDOW or not row.carried):
        # Of a plan that has lost an API not all that it has are counted anew.
        counted_ids = claim(work, row, opened, row.counted_id)
        return rewritten(work, "subscription.change", row, **counting_on(row, counted_ids))
    if not sells:
        _demand_no_approval(work, row, target, opened)
    counted_ids = claim(work, row, opened, work.new_id(ids.SUBSCRIPTION))
    carried: tuple[Carried, ...] = ()
    if applies is Applies.NEXT_WINDOW:
        carried = _carried(work, row, target)
    # The same plan with other quotas is no move for whoever hears of it.
    deed = "subscription.move" if target.id != row.plan_id else "subscription.change"
    changes = {"plan_id": target.id, "carried": carried, **counting_on(row, counted_ids)}
    return rewritten(work, deed, row, **changes)


def change_subscription(
    work: Work, id: str, *, overrides: Sequence[OverrideWish] | None
) -> Subscription:
    """Give one subscriber limits of its own, in place of all that it has.

    None leaves them as they are.
    """
    row = sold_subscription(work, id)
    if overrides is None:
        return row
    demand_not_ended(row)
    wanted = tuple(Override(limit=one.limit, ends_at=one.ends_at) for one in overrides)
    place_limits(work, [one.limit for one in wanted], "overrides")
    problems: list[Problem] = []
    for index, one in enumerate(wanted):
        if one not in row.overrides:
            problems += _check_end(f"overrides.{index}.ends_at", one.ends_at, work.now_us)
    refuse(problems)
    return rewritten(work, "subscription.change", row, overrides=wanted)


def _target(work: Work, seen: Seen, id: str) -> tuple[Plan, bool]:
    """The plan to move to, and whether the actor sells it.

    What the actor may not subscribe the application to reads like a plan that is
    not there, and so does one of another provider.
    """
    row = seen.subscription
    offer = reached_offer(work, id)
    if offer is None or offer[0].organization_id != row.provider_id:
        raise Invalid([unknown_plan()])
    plan, sells = offer
    if not (sells or seen.as_consumer):
        raise Invalid([unknown_plan()])
    if plan.retired_at is not None and plan.id != row.plan_id:
        raise Taken("plan", "is retired and takes no new subscriptions", "choose another")
    return plan, sells


def _demand_no_approval(
    work: Work, row: Subscription, plan: Plan, opened: Sequence[str]
) -> None:
    """Raise Taken where subscribing to the plan would wait for the provider."""
    manual = plan.approval is Approval.MANUAL
    if manual or is_held_back(work, row.application_id, opened, but_id=row.id):
        mend = "ask the provider to move the subscription"
        raise Taken("plan", "wants the provider's approval", mend)


def _carried(work: Work, row: Subscription, target: Plan) -> tuple[Carried, ...]:
    """The quotas of the plan before, without what the subscriber has of its own."""
    old = found_plan(work, row.plan_id)
    if old is None:
        return ()
    plain = replace(row, overrides=())
    before = placed_at(work.now_us, newest(work, old), plain)
    after = placed_at(work.now_us, newest(work, target))
    return carried_over(before, after, work.now_us, ZoneInfo)


def _check_end(field: str, ends_at: int | None, now_us: int) -> list[Problem]:
    if ends_at is None:
        return []
    if ends_at <= now_us:
        return [Problem(field, "has passed", "give a time to come, or leave it out")]
    return check_number(field, ends_at, 1, TIME_US_MAX - 1)
