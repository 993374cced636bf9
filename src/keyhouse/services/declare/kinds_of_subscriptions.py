"""Subscriptions of own applications to own plans.

Those of others have no names here that lead anywhere elsewhere, and belong to two
organizations: they are in no file.
"""

from collections.abc import Sequence
from typing import Final

from keyhouse.core import ids
from keyhouse.core.entities import (
    Application,
    Plan,
    PlanVersion,
    Subscription,
    SubscriptionState,
    version_id,
)
from keyhouse.core.plans import in_time
from keyhouse.core.validation import Problem
from keyhouse.services import plans
from keyhouse.services.declare.forms import OPTIONAL_TEXT, TEXT, TIME, Form, Plain, Wrong
from keyhouse.services.declare.kinds import Field, Held, Kind, Made, State
from keyhouse.services.declare.limit_forms import ENDS_AT, OVERRIDES
from keyhouse.services.declare.rows import done
from keyhouse.services.plans.opening import LIVE
from keyhouse.services.work import Look, Work

_PENDING, _ACTIVE = SubscriptionState.PENDING, SubscriptionState.ACTIVE
_SUSPENDED = SubscriptionState.SUSPENDED


def _read_state(value: Plain, place: str) -> Plain:
    if value not in (_ACTIVE.value, _SUSPENDED.value):
        mend = "write active or suspended"
        raise Wrong(Problem(place, "is none of the choices", mend))
    return value


# What waits for approval is a wish of somebody's, and no file's.
STATE: Final = Form(_read_state, SubscriptionState, lambda held: held.value)


def _live(at: Look | Work, application_id: str) -> list[Subscription]:
    home = at.actor.organization_id
    return at.tx.find(
        Subscription,
        application_id=application_id,
        provider_id=home,
        consumer_id=home,
        state=LIVE,
    )


def _find(at: Look | Work, state: State) -> Sequence[str]:
    rows = _live(at, state["application"])
    return [row.id for row in rows if row.plan_id == state["plan"]]


def _near(at: Look | Work, state: State) -> Sequence[str]:
    """Those to another plan that opens one of the same APIs: there is one at a time."""
    rows = _live(at, state["application"])
    if not rows:
        return []
    opened = _opened(at, (state["plan"], *(row.plan_id for row in rows)))
    wanted = opened.get(state["plan"], set())
    return [row.id for row in rows if opened.get(row.plan_id, set()) & wanted]


def _opened(at: Look | Work, plan_ids: Sequence[str]) -> dict[str, set[str]]:
    rows = at.tx.find(Plan, id=tuple(plan_ids))
    newest = tuple(version_id(row.id, row.version) for row in rows)
    return {
        version.plan_id: {one.api_id for one in version.access}
        for version in at.tx.find(PlanVersion, id=newest)
    }


def _tell_more(at: Look | Work, rows: Sequence[Subscription]) -> list[State]:
    applications = tuple({row.application_id for row in rows})
    homes = {one.id: one.project_id for one in at.tx.find(Application, id=applications)}
    return [
        {
            "project": homes[row.application_id],
            "overrides": OVERRIDES.tell(in_time(row.overrides, at.now_us)),
        }
        for row in rows
    ]


def _settle(look: Look, state: State) -> State:
    """Without limits whose end has passed: they say nothing any more."""
    lasting = [
        one
        for one in state["overrides"]
        if ENDS_AT not in one or TIME.hold(one[ENDS_AT]) > look.now_us
    ]
    return {**state, "overrides": lasting}


def _make(work: Work, held: Held) -> Made:
    made = plans.create_subscription(
        work, plan=held["plan"], application=held["application"]
    )
    if held["overrides"]:
        plans.change_subscription(work, made.id, overrides=held["overrides"])
    _turn(work, made, held["state"])
    return Made(made.id)


def _change(work: Work, row: Subscription, held: Held) -> None:
    if "plan" in held:
        plans.move_subscription(work, row.id, plan=held["plan"])
    if "overrides" in held:
        plans.change_subscription(work, row.id, overrides=held["overrides"])
    if "state" in held:
        _turn(work, row, held["state"])


def _turn(work: Work, row: Subscription, wanted: SubscriptionState) -> None:
    state = row.state
    if state is _PENDING:
        state = plans.approve_subscription(work, row.id).state
    if state is _ACTIVE and wanted is _SUSPENDED:
        plans.suspend_subscription(work, row.id)
    if state is _SUSPENDED and wanted is _ACTIVE:
        plans.resume_subscription(work, row.id)


SUBSCRIPTIONS: Final = Kind(
    section="subscriptions",
    one="subscription",
    prefix=ids.SUBSCRIPTION,
    entity=Subscription,
    fields=(
        Field(
            name="project",
            form=OPTIONAL_TEXT,
            fixed=True,
            refers="projects",
            apart=True,
        ),
        Field(
            name="application",
            form=TEXT,
            needed=True,
            fixed=True,
            refers="applications",
            column="application_id",
        ),
        Field(name="plan", form=TEXT, needed=True, refers="plans", column="plan_id"),
        Field(name="state", form=STATE, default=_ACTIVE.value),
        Field(name="overrides", form=OVERRIDES, default=[], apart=True),
    ),
    read_scope=plans.READ_SUBSCRIPTIONS,
    write_scope=plans.WRITE_SUBSCRIPTIONS,
    title=lambda state: f"{state['application']} to {state['plan']}",
    identity=("application", "plan"),
    find=_find,
    near=_near,
    settle=_settle,
    make=_make,
    change=_change,
    remove=lambda work, row: done(plans.end_subscription(work, row.id)),
    tell_more=_tell_more,
    is_put_away=True,
    # An application opens an API by one at a time: another may be to follow.
    goes_first=True,
    listed=lambda _at, rows: [row for row in rows if row.state in LIVE],
    wished=lambda row: row.state is not _PENDING,
    owned=lambda _at, row: row.state is not _PENDING,
    whose=("provider_id", "consumer_id"),
    place=None,
)
