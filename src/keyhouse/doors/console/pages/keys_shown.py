"""The one answer that shows a secret: right after it was made, never again."""

from typing import NamedTuple
from urllib.parse import quote

from starlette.responses import Response

from keyhouse.core.entities import Api, KeyKind, Resource, Route
from keyhouse.doors.console.keys.reaching import reach_of_key
from keyhouse.doors.console.keys.sample import sample, sample_page
from keyhouse.doors.console.keys.sentences import sentence
from keyhouse.doors.console.keys.snippets import Call, Snippet, snippets
from keyhouse.doors.console.rendering import render
from keyhouse.doors.console.visits import InProject
from keyhouse.services.issue import Created, KeyView
from keyhouse.services.work import Look


class Usage(NamedTuple):
    """Code that calls one API with the key."""

    slug: str
    snippets: tuple[Snippet, ...]


async def show_secret(
    here: InProject, created: Created, overlap_seconds: int | None = None
) -> Response:
    """The secret, with code that uses it.

    `overlap_seconds` is told of a replaced secret: for how long it goes on. A
    reload asks for the key's page and shows no secret; nothing keeps this one.
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
        overlap_seconds=overlap_seconds,
        sentence=sentence(reach_of_key(view)),
    )


def _usages(look: Look, view: KeyView, secret: str, gateway: str) -> list[Usage]:
    return [
        _usage(look, view, row.resource_id, row.scopes, secret, gateway)
        for row in view.access
        if row.resource is Resource.API and view.key.kind is not KeyKind.MANAGEMENT
    ]


def _usage(
    look: Look,
    view: KeyView,
    api_id: str,
    scopes: tuple[str, ...],
    secret: str,
    gateway: str,
) -> Usage:
    api = look.own(Api, api_id)
    where = view.key.restrictions
    first = sample(look.tx.find(Route, api_id=api.id), scopes, where)
    base = f"{gateway}/{quote(api.slug)}"
    call = Call(first.method, base + first.path, api.key_header, secret, sample_page(where))
    return Usage(api.slug, snippets(call, api.slug, base))
