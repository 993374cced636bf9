"""Reading imports."""

from keyhouse.core.entities import ImportFormat, KeyImport
from keyhouse.ports import Page
from keyhouse.services.issue import READ, WRITE
from keyhouse.services.refusals import NotFound
from keyhouse.services.work import Look, Turn, Work

__all__ = ["READ", "WRITE", "format_of", "get_import", "list_imports", "reached_import"]


def get_import(look: Look, id: str) -> KeyImport:
    """An import into a project within reach."""
    return reached_import(look, READ, id)


def format_of(look: Look, id: str) -> ImportFormat:
    """How the file is written, for who is to send a part of it."""
    return reached_import(look, WRITE, id).format


def list_imports(look: Look, turn: Turn, *, project: str | None = None) -> Page:
    """The imports within reach, the newest first."""
    reach = look.actor.reach(READ)
    equals: dict[str, object] = {"organization_id": look.actor.organization_id}
    if not reach.whole:
        equals["project_id"] = tuple(reach.project_ids)
    if project is not None:
        equals["project_id"] = project if reach.holds_project(project) else ()
    return look.page(KeyImport, turn, equals)


def reached_import(at: Look | Work, scope: str, id: str) -> KeyImport:
    """An import into a project for which the actor holds `scope`."""
    reach = at.actor.reach(scope)
    try:
        row = at.own(KeyImport, id)
    except NotFound:
        raise NotFound("import") from None
    if not reach.holds_project(row.project_id):
        raise NotFound("import")
    return row
