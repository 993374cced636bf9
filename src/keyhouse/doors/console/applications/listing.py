"""Applications with their keys, and what those were used for."""

from typing import Final, NamedTuple

from keyhouse.core.entities import Application, Customer, Environment, Key
from keyhouse.doors.console.keys import words
from keyhouse.doors.console.keys.sparkline import Sparkline, sparkline
from keyhouse.ports import KeyTally
from keyhouse.services import catalog, issue, reports
from keyhouse.services.issue import KeyFilter, KeyView
from keyhouse.services.refusals import NotFound
from keyhouse.services.work import Look, Turn

APPLICATIONS_SHOWN: Final = 50
KEYS_SHOWN: Final = 100


class Row(NamedTuple):
    """An application in the list, as one environment sees it."""

    application: Application
    keys: KeyTally


class Listed(NamedTuple):
    """A page of rows, and the cursor behind it."""

    rows: list[Row]
    next_cursor: str | None


class KeyRow(NamedTuple):
    """A key of the application and its last day."""

    view: KeyView
    activity: Sparkline


class Shown(NamedTuple):
    """One application with all that its page tells."""

    application: Application
    keys: list[KeyRow]
    can_be_deleted: bool
    calls_in_last_hour: int
    limits: list[tuple[str, str]]
    customer: Customer | None


def listed(
    look: Look, project: str, environment: Environment, cursor: str | None
) -> Listed:
    """The project's applications, the newest first."""
    turn = Turn(cursor, APPLICATIONS_SHOWN)
    applications, next_cursor = catalog.list_applications(look, turn, project=project)
    keys = issue.tally_keys(look, [one.id for one in applications], environment)
    rows = [Row(application, keys[application.id]) for application in applications]
    return Listed(rows, next_cursor)


def own_application(look: Look, project: str, id: str) -> Application:
    """An application of that project; NotFound for another's."""
    application = catalog.get_application(look, id)
    if application.project_id != project:
        raise NotFound("application")
    return application


def shown_of(look: Look, project: str, environment: Environment, id: str) -> Shown:
    """All that the page of an application tells."""
    application = own_application(look, project, id)
    mine = KeyFilter(application=application.id, environment=environment)
    views: list[KeyView] = issue.list_keys(look, Turn(limit=KEYS_SHOWN), mine).rows
    activity = reports.key_activity(look, [view.key.id for view in views])
    rows = [
        KeyRow(view, sparkline(activity[view.key.id].hours, activity[view.key.id].refused))
        for view in views
    ]
    calls = reports.calls_in_last_hour(look, application=application.id)
    ever = look.tx.page(Key, after=None, limit=1, application_id=application.id).rows
    limits = [(one.name, words.limit(one)) for one in application.limits]
    customer = customer_of(look, application)
    return Shown(application, rows, not ever, calls, limits, customer)


def customer_of(look: Look, application: Application) -> Customer | None:
    """The customer that the application is of here."""
    id = catalog.seen(look, application).customer_id
    return None if id is None else catalog.get_customer(look, id)


def customer_name(application: Application, customer: Customer | None) -> str:
    """As a form names a customer: by its external id, which one project knows."""
    if customer is None:
        return ""
    near = customer.project_id == application.project_id
    return customer.external_id if near else customer.id
