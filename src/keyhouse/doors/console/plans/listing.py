"""Plans with what they hold, who has them, and how they came to be so."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from keyhouse.core.entities import PlanVersion
from keyhouse.doors.console.plans import words
from keyhouse.doors.console.subscriptions.listing import SubscriptionRow, rows_of
from keyhouse.services import plans
from keyhouse.services.plans import PlanView, SubscriptionFilter
from keyhouse.services.refusals import NotFound
from keyhouse.services.work import Look, Turn

PLANS_SHOWN: Final = 50
SUBSCRIPTIONS_SHOWN: Final = 25
VERSIONS_SHOWN: Final = 10


class Row(NamedTuple):
    """A plan in the list."""

    view: PlanView
    opens: list[tuple[str, str]]
    limits: list[tuple[str, str]]
    subscribers: int


class Listed(NamedTuple):
    """A page of rows, the cursor behind it, and whether all subscribers are counted."""

    rows: list[Row]
    next_cursor: str | None
    counted_all: bool


class VersionRow(NamedTuple):
    """A version, and what it changed."""

    version: PlanVersion
    changes: list[str]


class Shown(NamedTuple):
    """One plan with all that its page tells."""

    view: PlanView
    opens: list[tuple[str, str]]
    limits: list[tuple[str, str]]
    routes: list[tuple[str, str, str]]
    subscriptions: list[SubscriptionRow]
    next_cursor: str | None
    versions: list[VersionRow]
    next_versions: str | None
    can_be_deleted: bool


def listed(look: Look, project: str, cursor: str | None) -> Listed:
    """The project's plans, the newest first."""
    page = plans.list_plans(look, Turn(cursor, PLANS_SHOWN), project=project)
    counted = plans.count_subscribers(look, [view.plan.id for view in page.rows])
    rows = [
        Row(
            view,
            words.opens(view),
            words.limits(view.version.limits),
            counted.by_plan.get(view.plan.id, 0),
        )
        for view in page.rows
    ]
    return Listed(rows, page.next_cursor, counted.are_all)


def own_plan(look: Look, project: str, id: str) -> PlanView:
    """A plan of that project; NotFound for another's, even one that is offered to all."""
    view = plans.get_plan(look, id)
    if view.plan.project_id != project:
        raise NotFound("plan")
    return view


def shown_of(
    look: Look, project: str, id: str, cursor: str | None, versions: str | None
) -> Shown:
    """All that the page of a plan tells; the cursors are those of its two lists."""
    view = own_plan(look, project, id)
    turn = Turn(cursor, SUBSCRIPTIONS_SHOWN)
    page = plans.list_subscriptions(look, turn, SubscriptionFilter(plan=id))
    past = plans.list_versions(look, id, Turn(versions, VERSIONS_SHOWN))
    earlier = None
    if past.next_cursor is not None:
        (earlier,) = plans.list_versions(look, id, Turn(past.next_cursor, 1)).rows
    return Shown(
        view=view,
        opens=words.opens(view),
        limits=words.limits(view.version.limits),
        routes=words.route_limits(view),
        subscriptions=rows_of(look, page.rows),
        next_cursor=page.next_cursor,
        versions=_told(past.rows, earlier),
        next_versions=past.next_cursor,
        can_be_deleted=not page.rows and cursor is None,
    )


def _told(views: Sequence[PlanView], earlier: PlanView | None) -> list[VersionRow]:
    """Versions with what each changed of the one before; the newest comes first."""
    return [
        VersionRow(new.version, words.changes(_joined(new, old), old))
        for new, old in pairwise((*views, earlier))
        if new is not None
    ]


def _joined(new: PlanView, old: PlanView | None) -> PlanView:
    """The newer one, which knows the names of what only the older one held, too."""
    if old is None:
        return new
    slugs, routes = {**old.slugs, **new.slugs}, {**old.routes, **new.routes}
    return new._replace(slugs=slugs, routes=routes)
