"""Subscriptions as either side sees them, and what is left of one."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from keyhouse.core.entities import (
    Application,
    Environment,
    Override,
    Plan,
    Subscription,
    SubscriptionState,
)
from keyhouse.core.plans import in_time
from keyhouse.doors.console.keys import words as key_words
from keyhouse.doors.console.keys.figures import Gauge, gauges
from keyhouse.doors.console.plans import words
from keyhouse.services import plans, reports
from keyhouse.services.plans import Side, SubscriptionFilter
from keyhouse.services.refusals import NotFound
from keyhouse.services.work import Look, Turn

SHOWN: Final = 50


class SubscriptionRow(NamedTuple):
    """A subscription; `application` is None for one of another organization."""

    subscription: Subscription
    plan: Plan
    application: Application | None


class Held(NamedTuple):
    """A subscription, and whether its plan is of the visitor's organization."""

    subscription: Subscription
    plan: Plan
    application: Application | None
    sold: bool

    @property
    def who(self) -> str:
        """Whose it is, as its sides may know: a name, or an id of another's."""
        if self.application is not None:
            return self.application.name
        return self.subscription.application_id

    @property
    def is_over(self) -> bool:
        """Whether it has ended, for good."""
        return self.subscription.state is SubscriptionState.ENDED


class Own(NamedTuple):
    """A limit of this one subscriber, and until when it holds."""

    name: str
    said: str
    ends_at: int | None


class Shown(NamedTuple):
    """One subscription with all that its page tells."""

    held: Held
    opens: list[tuple[str, str]]
    shared: list[Gauge]
    each: list[tuple[str, str]]
    routes: list[tuple[str, str, str]]
    own: list[Own]


def own_subscription(look: Look, project: str, id: str) -> Held:
    """A subscription to a plan, or of an application, of that project.

    NotFound for any other.
    """
    row = plans.get_subscription(look, id)
    (one,) = rows_of(look, [row])
    sold = row.provider_id == look.actor.organization_id
    is_here = (sold and one.plan.project_id == project) or (
        one.application is not None and one.application.project_id == project
    )
    if not is_here:
        raise NotFound("subscription")
    return Held(row, one.plan, one.application, sold)


def shown_of(look: Look, project: str, environment: Environment, id: str) -> Shown:
    """All that the page of a subscription tells of one environment."""
    held = own_subscription(look, project, id)
    view = plans.get_plan(look, held.plan.id)
    limits = reports.subscription_limits(look, id, environment)
    return Shown(
        held,
        words.opens(view),
        gauges(limits.shared),
        [(one.name, key_words.limit(one)) for one in limits.each],
        words.route_limits(view),
        own=[_own(one) for one in in_time(held.subscription.overrides, look.now_us)],
    )


def of_application(look: Look, application: str) -> list[SubscriptionRow]:
    """The plans that an application has or had, the newest first."""
    wanted = SubscriptionFilter(Side.CONSUMER, application=application)
    return rows_of(look, plans.list_subscriptions(look, Turn(limit=SHOWN), wanted).rows)


def waiting_in(look: Look, project: str) -> list[SubscriptionRow]:
    """Subscriptions to plans of the project that wait for approval, up to a few."""
    wanted = SubscriptionFilter(state=SubscriptionState.PENDING)
    page = plans.list_subscriptions(look, Turn(limit=SHOWN), wanted)
    return [row for row in rows_of(look, page.rows) if row.plan.project_id == project]


def rows_of(look: Look, rows: Sequence[Subscription]) -> list[SubscriptionRow]:
    """Subscriptions with their plans, and with the applications that are one's own."""
    home = look.actor.organization_id
    named = tuple({row.plan_id for row in rows})
    of = {plan.id: plan for plan in look.tx.find(Plan, id=named)}
    ids = tuple({row.application_id for row in rows if row.consumer_id == home})
    own = {one.id: one for one in look.tx.find(Application, id=ids)}
    return [
        SubscriptionRow(row, of[row.plan_id], own.get(row.application_id)) for row in rows
    ]


def _own(one: Override) -> Own:
    return Own(one.limit.name, words.limit(one.limit), one.ends_at)
