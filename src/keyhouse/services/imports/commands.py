"""Beginning an import and ending it. What comes between is in `parts`.

An import is one thing to everybody but itself: it is audited once, and its
keys are there for nobody until the one row that says that it is done.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from keyhouse.core import ids
from keyhouse.core.entities import (
    UNFINISHED_IMPORTS,
    Api,
    Environment,
    ImportAccess,
    ImportEnd,
    ImportFormat,
    ImportMode,
    ImportState,
    KeyImport,
    KeyKind,
    Project,
    Resource,
)
from keyhouse.core.imported import merged
from keyhouse.core.validation import Problem
from keyhouse.services.catalog import hold_apis, home_project
from keyhouse.services.imports.queries import WRITE, reached_import
from keyhouse.services.issue import (
    AccessWish,
    ApplicationWish,
    Home,
    Opening,
    application_in,
    open_access,
)
from keyhouse.services.refusals import Invalid, Taken
from keyhouse.services.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWish:
    """An import that somebody wants. `access`, `environment` and `application` hold

    for the rows that name none themselves.
    """

    format: ImportFormat
    access: tuple[ImportAccess, ...] = ()
    environment: Environment = Environment.LIVE
    application: str | ApplicationWish | None = None
    project: str | None = None
    mode: ImportMode = ImportMode.LENIENT


def create_import(work: Work, wish: ImportWish) -> KeyImport:
    """Begin an import into a project: that of the APIs, the named one, or the only one.

    Raises Taken while another one into that project is not over, and Invalid
    where AWS's format, which names no API, comes without access.
    """
    if not wish.access and wish.format is ImportFormat.AWS:
        mend = "name at least one API that the keys open"
        raise Invalid([Problem("access", "is needed with this format", mend)])
    held = hold_apis(work, [one.api for one in wish.access])
    open_wishes(work, wish.access, held)
    first = min(held.values(), key=lambda api: api.id, default=None)
    named = wish.project or (None if first is None else first.project_id)
    # Strings are looked up for all of a project's APIs, so who imports holds it whole.
    project = home_project(work, WRITE, named)
    demand_project(project.id, wish.access, held)
    _demand_turn(work, project)
    application = None
    if wish.application is not None:
        home = Home(wish.application, project.id)
        application = application_in(work, home, project.id).id
    row = KeyImport(
        id=work.new_id(ids.IMPORT),
        organization_id=work.actor.organization_id,
        project_id=project.id,
        state=ImportState.OPEN,
        format=wish.format,
        environment=wish.environment,
        application_id=application,
        access=wish.access,
        mode=wish.mode,
        parts=0,
        rows=0,
        imported=0,
        skipped=0,
        lessened=0,
        problems=(),
        problems_count=0,
        strings=None,
        ended=None,
        created_by=work.actor.id,
        created_at=work.now_us,
        updated_at=work.now_us,
        finished_at=None,
    )
    work.tx.insert(row)
    after = {"format": row.format.value, "mode": row.mode.value, "project": project.id}
    work.note("import.create", row.id, after=after)
    return row


def finish_import(work: Work, id: str) -> KeyImport:
    """Have the keys be there, all at once; of one that is over, nothing changes.

    A strict one with faults is undone instead, and so is a dry run.
    """
    row = reached_import(work, WRITE, id)
    if row.state is not ImportState.OPEN:
        return row
    if row.mode is ImportMode.DRY_RUN:
        return end_import(work, row, ImportEnd.DRY_RUN)
    if row.mode is ImportMode.STRICT and (row.skipped or row.lessened):
        return end_import(work, row, ImportEnd.WARNINGS)
    if row.strings is not None:
        project = work.own(Project, row.project_id)
        work.tx.update(project, imported=merged(project.imported, row.strings))
        # Into each API is compiled what its project holds.
        for api in work.tx.find(Api, project_id=project.id):
            work.tx.touch(api)
    return _close(work, row, "import.finish", state=ImportState.DONE)


def cancel_import(work: Work, id: str) -> KeyImport:
    """Have all be undone that came so far. Raises Taken for one that is done."""
    row = reached_import(work, WRITE, id)
    if row.state is ImportState.DONE:
        mend = "revoke or delete the keys that it brought"
        raise Taken("state", "the import is done", mend)
    if row.state is not ImportState.OPEN:
        return row
    return end_import(work, row, ImportEnd.CANCELLED)


def end_import(work: Work, row: KeyImport, why: ImportEnd) -> KeyImport:
    """Leave what came to the worker, who removes it."""
    return _close(work, row, "import.undo", state=ImportState.UNDOING, ended=why)


def _close(work: Work, row: KeyImport, action: str, **changes: object) -> KeyImport:
    now = work.now_us
    new = work.tx.update(row, **changes, finished_at=now, updated_at=now)
    counts = {
        name: getattr(new, name) for name in ("rows", "imported", "skipped", "lessened")
    }
    after = {"format": new.format.value, "state": new.state.value, **counts}
    if new.ended is not None:
        after["ended"] = new.ended.value
    work.note(action, new.id, after=after)
    return new


def open_wishes(
    work: Work, access: tuple[ImportAccess, ...], held: Mapping[str, Api]
) -> tuple[Opening, ...]:
    """What access opens, of the APIs that are held. Raises Invalid, none where there

    is none.
    """
    if not access:
        return ()
    wishes = tuple(AccessWish(Resource.API, a.api, a.scopes, a.roles) for a in access)
    return open_access(work, KeyKind.SERVER, wishes, lambda _: None, held).access


def demand_project(
    project_id: str, access: tuple[ImportAccess, ...], held: Mapping[str, Api]
) -> None:
    """Raise Invalid for an API of another project: there nobody would look.

    All that `access` names are held.
    """
    problems = [
        Problem(
            f"access.{index}.api",
            "is in another project than the import",
            "import into that project what is called there",
        )
        for index, one in enumerate(access)
        if held[one.api].project_id != project_id
    ]
    if problems:
        raise Invalid(problems)


def _demand_turn(work: Work, project: Project) -> None:
    """One after the other, so that each sees what is there already."""
    work.tx.get(Project, project.id)  # of two who begin at once, the second waits
    found = work.tx.find(KeyImport, project_id=project.id, state=UNFINISHED_IMPORTS)
    if found:
        mend = "finish or cancel it; one that is cancelled is undone within moments"
        raise Taken("project", f"the import {found[0].id} is not over", mend)
