"""Projects, and the fields that many kinds have."""

from collections.abc import Sequence
from typing import Final

from keyhouse.core import ids
from keyhouse.core.entities import (
    Access,
    Api,
    Application,
    Customer,
    Key,
    Plan,
    Project,
    Webhook,
)
from keyhouse.services import tenants
from keyhouse.services.declare.forms import FLAG, OPTIONAL_TEXT, SCHEDULE, TEXT
from keyhouse.services.declare.kinds import Field, Held, Kind, Made, State
from keyhouse.services.declare.limit_forms import LIMITS
from keyhouse.services.declare.rows import done, holds, left, manages
from keyhouse.services.work import Look, Work

_IN_PROJECTS: Final = (Plan, Api, Application, Customer, Key, Webhook)
DISABLED: Final = Field(name="disabled", form=FLAG, default=False, column="disabled_at")
LIMITED: Final = Field(name="limits", form=LIMITS, default=[])
ROTATION: Final = Field(name="rotation", form=SCHEDULE)
PROJECT: Final = Field(
    name="project",
    form=OPTIONAL_TEXT,
    fixed=True,
    refers="projects",
    column="project_id",
)


def _find_project(at: Look | Work, state: State) -> Sequence[str]:
    organization = at.actor.organization_id
    found = at.tx.page(
        Project, after=None, limit=2, organization_id=organization, name=state["name"]
    )
    return [row.id for row in found.rows]


def _make_project(work: Work, held: Held) -> Made:
    made = tenants.create_project(work, name=held["name"])
    if held["disabled"]:
        tenants.change_project(work, made.id, {"disabled": True})
    return Made(made.id)


PROJECTS: Final = Kind(
    section="projects",
    one="project",
    prefix=ids.PROJECT,
    entity=Project,
    fields=(Field(name="name", form=TEXT, needed=True), DISABLED),
    read_scope=tenants.READ_PROJECTS,
    write_scope=tenants.WRITE_PROJECTS,
    title=lambda state: state["name"],
    identity=("name",),
    find=_find_project,
    make=_make_project,
    change=lambda work, row, held: done(tenants.change_project(work, row.id, {**held})),  # type: ignore[typeddict-item] # by the table
    remove=lambda work, row: tenants.delete_project(work, row.id),
    stays=lambda at, row, loose: (
        any(left(at, one, "id", loose, project_id=row.id) for one in _IN_PROJECTS)
        or holds(at, Access, resource_id=row.id)
    ),
    owned=lambda at, row: not manages(at, project_id=row.id),
    known_as=lambda state: (state["name"],),
    in_project=False,
    place="id",
)
