"""What becomes of a subscription: approved, suspended, resumed, ended.

Only the provider approves, suspends and resumes; either side ends it, for good.
"""

from keyhouse.core.entities import Subscription, SubscriptionState
from keyhouse.services.plans.parties import (
    WRITE_SUBSCRIPTIONS,
    reached_subscription,
    sold_subscription,
    turned,
)
from keyhouse.services.refusals import Taken
from keyhouse.services.work import Work

_PENDING, _ACTIVE = SubscriptionState.PENDING, SubscriptionState.ACTIVE
_SUSPENDED, _ENDED = SubscriptionState.SUSPENDED, SubscriptionState.ENDED


def approve_subscription(work: Work, id: str) -> Subscription:
    """Let a pending subscription open what its plan does; an active one stays so."""
    row = sold_subscription(work, id)
    _demand(row, (_PENDING, _ACTIVE), "only a pending one can be approved")
    return turned(work, "subscription.approve", row, _ACTIVE) if _is(row, _PENDING) else row


def suspend_subscription(work: Work, id: str) -> Subscription:
    """Refuse the keys of the application, on what the plan opens, until it is resumed."""
    row = sold_subscription(work, id)
    _demand(row, (_ACTIVE, _SUSPENDED), "only an active one can be suspended")
    return (
        turned(work, "subscription.suspend", row, _SUSPENDED) if _is(row, _ACTIVE) else row
    )


def resume_subscription(work: Work, id: str) -> Subscription:
    """Undo a suspension."""
    row = sold_subscription(work, id)
    _demand(row, (_ACTIVE, _SUSPENDED), "only a suspended one can be resumed")
    if _is(row, _SUSPENDED):
        return turned(work, "subscription.resume", row, _ACTIVE)
    return row


def end_subscription(work: Work, id: str) -> Subscription:
    """End a subscription for good, as its provider or as its consumer."""
    row = reached_subscription(work, WRITE_SUBSCRIPTIONS, id).subscription
    return row if _is(row, _ENDED) else turned(work, "subscription.end", row, _ENDED)


def demand_not_ended(row: Subscription) -> None:
    """Raise Taken for one that has ended."""
    if _is(row, _ENDED):
        raise Taken("state", "the subscription has ended", "subscribe anew")


def _is(row: Subscription, state: SubscriptionState) -> bool:
    return row.state is state


def _demand(row: Subscription, states: tuple[SubscriptionState, ...], why: str) -> None:
    demand_not_ended(row)
    if row.state not in states:
        raise Taken("state", f"the subscription is {row.state}", why)
