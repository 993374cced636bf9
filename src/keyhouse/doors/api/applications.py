"""`/v1/applications`."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from keyhouse.doors.api import models
from keyhouse.doors.api.answers import ApplicationOut
from keyhouse.doors.api.calls import AnyCall, PatchCall, PostCall, operation, turn
from keyhouse.doors.api.rotation_shapes import schedule
from keyhouse.doors.api.shapes import application_out
from keyhouse.doors.api.wishes import application_changes, limits
from keyhouse.services import catalog

router = APIRouter(tags=["Applications"])
_reading = partial(
    operation, router, "GET", scope=catalog.READ_APPLICATIONS, answer=ApplicationOut
)
_writing = partial(operation, router, scope=catalog.WRITE_APPLICATIONS)


@_reading("/v1/applications", id="list_applications", many=True)
def list_applications(
    call: AnyCall, query: Annotated[models.ApplicationsQuery, Query()]
) -> Response:
    """Applications, the newest first."""
    return call.page(
        lambda look: catalog.view_applications(
            look, turn(query), project=query.project, external_id=query.external_id
        ),
        application_out,
    )


@_writing(
    "POST",
    "/v1/applications",
    id="create_application",
    answer=ApplicationOut,
    status=201,
)
def create_application(call: PostCall, body: models.ApplicationBody) -> Response:
    """Create an application: the program that calls."""
    return call.made(
        lambda work: catalog.seen(
            work,
            catalog.create_application(
                work,
                name=body.name,
                external_id=body.external_id,
                purpose=body.purpose,
                limits=limits(body.limits),
                customer=body.customer,
                project=body.project,
                rotation=schedule(body.rotation),
            ),
        ),
        application_out,
    )


@_reading("/v1/applications/{id}", id="get_application")
def get_application(call: AnyCall, id: str) -> Response:
    """One application."""
    return call.one(lambda look: catalog.view_application(look, id), application_out)


@_writing("PATCH", "/v1/applications/{id}", id="change_application", answer=ApplicationOut)
def change_application(
    call: PatchCall, id: str, body: models.ApplicationChange
) -> Response:
    """Change an application; `disabled` refuses all of its keys."""
    changes = application_changes(body)
    return call.changed(
        lambda work: catalog.seen(work, catalog.change_application(work, id, changes)),
        application_out,
        lambda look: catalog.view_application(look, id),
    )


@_writing(
    "DELETE", "/v1/applications/{id}", id="delete_application", answer=None, status=204
)
def delete_application(call: AnyCall, id: str) -> Response:
    """Delete an application that never had a key."""
    return call.gone(lambda work: catalog.delete_application(work, id))
