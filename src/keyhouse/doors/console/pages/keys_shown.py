"""The one answer that shows a secret: right after it was made, never again."""

from typing import NamedTuple
from urllib.parse import quote

from starlette.responses import Response

from keyhouse.core.entities import Access, Api, KeyKind, Resource, Route
from keyhouse.core.scope_roles import resolved
from keyhouse.doors.console.keys.reaching import reach_of_key
from keyhouse.doors.console.keys.replacing import Replacing
from keyhouse.doors.console.keys.sample import sample, sample_page
from keyhouse.doors.console.keys.sentences import sentence
from keyhouse.doors.console.keys.snippets import (
    Call,
    Snippet,
    curl_with_setting,
    snippets,
)
from keyhouse.doors.console.rendering import render
from keyhouse.doors.console.visits import InProject
from keyhouse.services.issue import Created, KeyView
from keyhouse.services.work import Look


class Usage(NamedTuple):
    """Code that calls one API with the key."""

    slug: str
    snippets: tuple[Snippet, ...]


async def show_secret(
    here: InProject, created: Created, replaced: Replacing | None = None
) -> Response:
    """The secret, with code that uses it.

    `replaced` tells of an old secret how long it goes on. A reload asks for
    the key's page and shows no secret; nothing keeps this one.
    """
    view, secret = created.view, created.issued.secret.reveal()
    gateway = here.config.gateway_url
    usages = await here.read(lambda look: _usages(look, view, secret, gateway))
    return render(
        here,
        "keys/secret.html",
        headers={"HX-Replace-Url": here.url("keys", view.key.id)},
        view=view,
        secret=secret,
        usages=usages,
        replaced=replaced,
        sentence=sentence(reach_of_key(view)),
    )


def first_call(look: Look, view: KeyView, gateway: str) -> str:
    """A line that calls the key's first API with a secret that was kept; '' if none."""
    opened = [row for row in view.access if row.resource is Resource.API]
    if not opened or view.key.kind is KeyKind.MANAGEMENT:
        return ""
    api, call = _call(look, view, opened[0], "", gateway)
    return curl_with_setting(call, api.slug)


def _usages(look: Look, view: KeyView, secret: str, gateway: str) -> list[Usage]:
    return [
        _usage(look, view, row, secret, gateway)
        for row in view.access
        if row.resource is Resource.API and view.key.kind is not KeyKind.MANAGEMENT
    ]


def _usage(look: Look, view: KeyView, row: Access, secret: str, gateway: str) -> Usage:
    api, call = _call(look, view, row, secret, gateway)
    return Usage(api.slug, snippets(call, api.slug, _base(gateway, api)))


def _call(
    look: Look, view: KeyView, row: Access, secret: str, gateway: str
) -> tuple[Api, Call]:
    api = look.own(Api, row.resource_id)
    where = view.key.restrictions
    narrow = view.key.kind is KeyKind.PUBLISHABLE
    held = resolved(row.scopes, row.roles, api.roles, narrow=narrow)
    first = sample(look.tx.find(Route, api_id=api.id), held, where)
    address = _base(gateway, api) + first.path
    page = sample_page(where)
    return api, Call(first.method, address, api.key_header, secret, page)


def _base(gateway: str, api: Api) -> str:
    return f"{gateway}/{quote(api.slug)}"
