"""Which application a new key belongs to: one that is there, or one made for it."""

from typing import Final, NamedTuple

from keyhouse.core.entities import Application, Project
from keyhouse.core.validation import Problem
from keyhouse.services.actor import Reach
from keyhouse.services.catalog import add_application, check_application, home_project
from keyhouse.services.issue.queries import WRITE
from keyhouse.services.refusals import Forbidden, Invalid, NotFound, refuse
from keyhouse.services.work import Work

DEFAULT_APPLICATION: Final = "default"


class ApplicationWish(NamedTuple):
    """An application that is found, or made if there is none."""

    name: str
    external_id: str | None = None


class Home(NamedTuple):
    """What is said of a new key's place. An application is an id, or names one."""

    application: str | ApplicationWish | None
    project: str | None


def application_in(work: Work, home: Home, first: str | None) -> Application:
    """The application of a new key, in the key's project; made there if need be.

    `first` is the project of the first API that the key opens, where that is
    the organization's own. Raises Invalid.
    """
    project_id = _project_id(work, home, first)
    if isinstance(home.application, str):
        return _named(work, home.application, project_id)
    wanted = _wanted(home)
    problems = check_application({"name": wanted.name, "external_id": wanted.external_id})
    refuse([Problem(f"application.{p.field}", p.reason, p.mend) for p in problems])
    found = _alike(work, project_id, wanted)
    if not found:
        # Of two who ask at the same time, the second finds what the first has made.
        work.tx.get(Project, project_id)
        found = _alike(work, project_id, wanted)
    if found:
        return found[0]
    return add_application(work, project_id, wanted.name, wanted.external_id)


def existing(work: Work, home: Home, first: str | None) -> Application | None:
    """The application that a new key would belong to, if it is there already.

    One that is beyond the actor's reach is none: what it has subscribed to
    is not to be learned by asking for a key.
    """
    reach = work.actor.reach(WRITE)
    try:
        if isinstance(home.application, str):
            found = [work.own(Application, home.application)]
        else:
            found = _alike(work, _project_id(work, home, first), _wanted(home))
    except (NotFound, Invalid, Forbidden):
        return None
    return next((one for one in found if _is_held(work, reach, one)), None)


def _is_held(work: Work, reach: Reach, application: Application) -> bool:
    own = application.organization_id == work.actor.organization_id
    return own and reach.holds_project(application.project_id)


def _wanted(home: Home) -> ApplicationWish:
    if isinstance(home.application, ApplicationWish):
        return home.application
    return ApplicationWish(DEFAULT_APPLICATION)


def _alike(work: Work, project_id: str, wanted: ApplicationWish) -> list[Application]:
    """The project's applications with that external id or, without one, that name.

    None has a text that is not printable, and such text reaches no database.
    """
    equals = {"name": wanted.name}
    if wanted.external_id is not None:
        equals = {"external_id": wanted.external_id}
    if not all(map(str.isprintable, equals.values())):
        return []
    return work.tx.find(Application, project_id=project_id, **equals)


def _named(work: Work, id: str, project_id: str) -> Application:
    try:
        application = work.own(Application, id)
    except NotFound:
        application = None
    if application is None or not (
        application.project_id == project_id
        or work.actor.reach(WRITE).holds_project(application.project_id)
    ):
        mend = "GET /v1/applications lists yours; or give {name, external_id}"
        raise Invalid([Problem("application", "is not known", mend)])
    if application.project_id != project_id:
        mend = "give that project too, or an application of this one"
        raise Invalid([Problem("application", "is in another project", mend)])
    return application


def _project_id(work: Work, home: Home, first: str | None) -> str:
    """The project given, or that of the first API, or of the application; or the

    only one there is.
    """
    if home.project is not None and home.project == first:
        return home.project
    if home.project is None and first is not None:
        return first
    if home.project is None and isinstance(home.application, str):
        application = existing(work, home, None)
        if application is not None:
            return application.project_id
    return home_project(work, WRITE, home.project).id
