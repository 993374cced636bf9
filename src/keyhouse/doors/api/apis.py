"""`/v1/apis` and their routes."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from keyhouse.doors.api import models
from keyhouse.doors.api.answers import ApiOut, RouteOut, UpstreamHeaderOut
from keyhouse.doors.api.calls import AnyCall, PatchCall, PostCall, operation, turn
from keyhouse.doors.api.shapes import api_out, route_out, upstream_header_out
from keyhouse.doors.api.wishes import api_fields, route_fields
from keyhouse.ports import Page
from keyhouse.services import catalog

router = APIRouter(tags=["APIs"])
_reading = partial(operation, router, "GET", scope=catalog.READ_APIS)
_writing = partial(operation, router, scope=catalog.WRITE_APIS)


@_reading("/v1/apis", id="list_apis", answer=ApiOut, many=True)
def list_apis(call: AnyCall, query: Annotated[models.ApisQuery, Query()]) -> Response:
    """APIs, the newest first."""
    return call.page(
        lambda look: catalog.list_apis(look, turn(query), project=query.project), api_out
    )


@_writing("POST", "/v1/apis", id="create_api", answer=ApiOut, status=201)
def create_api(call: PostCall, body: models.ApiBody) -> Response:
    """Create an API. Its slug is the first segment of its path at the gateway."""
    fields = api_fields(body)
    return call.made(
        lambda work: catalog.create_api(
            work, slug=body.slug, project=body.project, fields=fields
        ),
        api_out,
    )


@_reading("/v1/apis/{id}", id="get_api", answer=ApiOut)
def get_api(call: AnyCall, id: str) -> Response:
    """One API, by id or slug."""
    return call.one(lambda look: catalog.get_api(look, id), api_out)


@_writing("PATCH", "/v1/apis/{id}", id="change_api", answer=ApiOut)
def change_api(call: PatchCall, id: str, body: models.ApiChange) -> Response:
    """Change an API; `disabled` refuses all calls to it."""
    fields = api_fields(body)
    return call.changed(
        lambda work: catalog.change_api(work, id, fields),
        api_out,
        lambda look: catalog.get_api(look, id),
    )


@_writing("DELETE", "/v1/apis/{id}", id="delete_api", answer=None, status=204)
def delete_api(call: AnyCall, id: str) -> Response:
    """Delete an API that no key was made for, with its routes."""
    return call.gone(lambda work: catalog.delete_api(work, id))


@_reading("/v1/apis/{id}/routes", id="list_routes", answer=RouteOut, many=True)
def list_routes(
    call: AnyCall, id: str, query: Annotated[models.ListQuery, Query()]
) -> Response:
    """The routes of an API; the first by `position` that fits a request holds."""
    return call.page(lambda look: catalog.list_routes(look, id, turn(query)), route_out)


@_writing("POST", "/v1/apis/{id}/routes", id="create_route", answer=RouteOut, status=201)
def create_route(call: PostCall, id: str, body: models.RouteBody) -> Response:
    """Add a route: what a method and path need, and what they cost."""
    fields = route_fields(body)
    return call.made(
        lambda work: catalog.create_route(
            work, id, method=body.method, path=body.path, fields=fields
        ),
        route_out,
    )


@_reading("/v1/apis/{id}/routes/{route}", id="get_route", answer=RouteOut)
def get_route(call: AnyCall, id: str, route: str) -> Response:
    """One route."""
    return call.one(lambda look: catalog.get_route(look, id, route), route_out)


@_writing("PATCH", "/v1/apis/{id}/routes/{route}", id="change_route", answer=RouteOut)
def change_route(
    call: PatchCall, id: str, route: str, body: models.RouteChange
) -> Response:
    """Change a route."""
    fields = route_fields(body)
    return call.changed(
        lambda work: catalog.change_route(work, id, route, fields),
        route_out,
        lambda look: catalog.get_route(look, id, route),
    )


@_writing(
    "DELETE", "/v1/apis/{id}/routes/{route}", id="delete_route", answer=None, status=204
)
def delete_route(call: AnyCall, id: str, route: str) -> Response:
    """Delete a route."""
    return call.gone(lambda work: catalog.delete_route(work, id, route))


@_reading(
    "/v1/apis/{id}/headers", id="list_upstream_headers", answer=UpstreamHeaderOut, many=True
)
def list_upstream_headers(call: AnyCall, id: str) -> Response:
    """The headers that the gateway adds for an API's upstream: names, no values."""
    return call.page(
        lambda look: Page(catalog.list_upstream_headers(look, id), None),
        upstream_header_out,
    )


@_reading(
    "/v1/apis/{id}/headers/{name}", id="get_upstream_header", answer=UpstreamHeaderOut
)
def get_upstream_header(call: AnyCall, id: str, name: str) -> Response:
    """One header, without its value."""
    return call.one(
        lambda look: catalog.get_upstream_header(look, id, name), upstream_header_out
    )


@_writing(
    "PUT",
    "/v1/apis/{id}/headers/{name}",
    id="set_upstream_header",
    answer=UpstreamHeaderOut,
)
def set_upstream_header(
    call: PatchCall, id: str, name: str, body: models.UpstreamHeaderBody
) -> Response:
    """Have the gateway add a header, or replace its value. It is told by no answer."""
    return call.changed(
        lambda work: catalog.set_upstream_header(work, id, name, body.value),
        upstream_header_out,
        lambda look: catalog.get_upstream_header(look, id, name),
    )


@_writing(
    "DELETE",
    "/v1/apis/{id}/headers/{name}",
    id="delete_upstream_header",
    answer=None,
    status=204,
)
def delete_upstream_header(call: AnyCall, id: str, name: str) -> Response:
    """Add it no more."""
    return call.gone(lambda work: catalog.delete_upstream_header(work, id, name))
