"""`/v1/imports`: keys that come from other systems."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from keyhouse.doors.api.calls import AnyCall, PostCall, operation, turn
from keyhouse.doors.api.import_shapes import (
    ImportBody,
    ImportOut,
    ImportsQuery,
    PartBody,
    import_out,
    import_wish,
)
from keyhouse.services import imports

router = APIRouter(tags=["Imports"])
_reading = partial(operation, router, "GET", scope=imports.READ, answer=ImportOut)
_writing = partial(operation, router, "POST", scope=imports.WRITE, answer=ImportOut)
_FIRST = 1


@_reading("/v1/imports", id="list_imports", many=True)
def list_imports(call: AnyCall, query: Annotated[ImportsQuery, Query()]) -> Response:
    """Imports, the newest first."""
    return call.page(
        lambda look: imports.list_imports(look, turn(query), project=query.project),
        import_out,
    )


@_writing("/v1/imports", id="create_import", status=201)
def create_import(call: PostCall, body: ImportBody) -> Response:
    """Begin an import of keys; with `text`, have all of a small file imported.

    One at a time into a project. Its file then comes in parts.
    """
    wish = import_wish(body)
    if body.text is None:
        return call.made(lambda work: imports.create_import(work, wish), import_out)
    zones = call.office.knows_zone
    part = imports.read_part(wish.format, _FIRST, body.text, None, zones)
    return call.made(lambda work: imports.import_at_once(work, wish, part), import_out)


@_reading("/v1/imports/{id}", id="get_import")
def get_import(call: AnyCall, id: str) -> Response:
    """One import: how far it is, and what was wrong with which line."""
    return call.one(lambda look: imports.get_import(look, id), import_out)


@_writing("/v1/imports/{id}/parts", id="add_import_part")
def add_import_part(call: PostCall, id: str, body: PartBody) -> Response:
    """Send the next part of the file: up to 500 rows, 1 MiB as sent.

    A part that is in already changes nothing, so after a fault go on behind `parts`.
    """
    form = call.read(lambda look: imports.format_of(look, id))
    zones = call.office.knows_zone
    part = imports.read_part(form, body.part, body.text, body.line, zones)
    return call.done(lambda work: imports.add_part(work, id, part), import_out)


@_writing("/v1/imports/{id}/finish", id="finish_import")
def finish_import(call: PostCall, id: str) -> Response:
    """Have all keys be there at once. Where a fault undoes it, or it was a dry run,

    `state` is `undoing`, and `undone` when nothing is left of it.
    """
    return call.done(lambda work: imports.finish_import(work, id), import_out)


@_writing("/v1/imports/{id}/cancel", id="cancel_import")
def cancel_import(call: PostCall, id: str) -> Response:
    """Have it be undone. What is done stays: revoke or delete its keys."""
    return call.done(lambda work: imports.cancel_import(work, id), import_out)
