"""The one answer that shows a secret: right after it was made, never again."""

import logging
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

_log = logging.getLogger("keyhouse.console")


class Usage(NamedTuple):
    """Code that calls one API with the key."""

    slug: str
    snippets: tuple[Snippet, ...]


async def show_secret(
    here: InProject, created: Created, replaced: Replacing | None = None
) -> Response:
    """The secret, with code that uses it where there is some.

    `replaced` tells of an old secret how long it goes on. A reload asks for
    the key's page and shows no secret; nothing keeps this one.
    """
    view, secret = created.view, created.issued.secret.reveal()
    usages = await _shown_usages(here, view, secret)
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
    found = _call(look, view, opened[0], "", gateway)
    if found is None:
        return ""
    api, call = found
    return curl_with_setting(call, api.slug)


async def _shown_usages(here: InProject, view: KeyView, secret: str) -> list[Usage]:
    gateway = here.config.gateway_url
    try:
        return await here.read(lambda look: _usages(look, view, secret, gateway))
    except Exception:  # noqa: BLE001 - a secret is shown once, whatever its code meets
        _log.exception("no code could be shown with a secret of %s", view.key.id)
        return []


def _usages(look: Look, view: KeyView, secret: str, gateway: str) -> list[Usage]:
    if view.key.kind is KeyKind.MANAGEMENT:
        return []
    opened = [row for row in view.access if row.resource is Resource.API]
    calls = [_call(look, view, row, secret, gateway) for row in opened]
    return [
        Usage(api.slug, snippets(call, api.slug, _base(gateway, api)))
        for api, call in filter(None, calls)
    ]


def _call(
    look: Look, view: KeyView, row: Access, secret: str, gateway: str
) -> tuple[Api, Call] | None:
    """A call of what a row opens, which may be bought; None where it is gone."""
    api = look.tx.get(Api, row.resource_id)
    if api is None:
        return None
    where = view.key.restrictions
    narrow = view.key.kind is KeyKind.PUBLISHABLE
    held = resolved(row.scopes, row.roles, api.roles, narrow=narrow)
    first = sample(_routes(look, api), held, where)
    address = _base(gateway, api) + first.path
    page = sample_page(where)
    return api, Call(first.method, address, api.key_header, secret, page)


def _routes(look: Look, api: Api) -> list[Route]:
    """The API's routes; none of another organization's, which are its own affair."""
    if api.organization_id != look.actor.organization_id:
        return []
    return look.tx.find(Route, api_id=api.id)


def _base(gateway: str, api: Api) -> str:
    return f"{gateway}/{quote(api.slug)}"
