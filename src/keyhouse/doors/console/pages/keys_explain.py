"""Trying a request with a key: what would come of it, and nothing is spent."""

from typing import Final

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from keyhouse.core.entities import Resource
from keyhouse.core.patterns import METHODS
from keyhouse.doors.console.forms import form_problems
from keyhouse.doors.console.keys.explaining import Shown, shown
from keyhouse.doors.console.rendering import render
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import explain, issue
from keyhouse.services.explain import Asked, Claims
from keyhouse.services.issue import KeyView
from keyhouse.services.refusals import Invalid

router = APIRouter()
OF_TOKEN: Final = ("token.sub", "token.jti")
FIELDS: Final = ("api", "method", "path", "address", "referrer", "app", *OF_TOKEN)
_LENGTH_MAX: Final = 2000


@router.get("/{project}/{environment}/keys/{key}/explain")
async def ask(here: Here, key: str) -> Response:
    """The form, empty."""
    return _page(here, await here.read(lambda look: issue.get_key(look, key)), {})


@router.post("/{project}/{environment}/keys/{key}/explain")
async def answer(here: Here, key: str) -> Response:
    """What would come of the request, below the form as it was typed."""
    view = await here.read(lambda look: issue.get_key(look, key))
    typed = _typed(await here.form())
    asked = Asked(
        api=typed["api"] or None,
        method=typed["method"],
        path=typed["path"],
        address=typed["address"],
        referrer=typed["referrer"],
        app=typed["app"],
        token=_claims(typed),
    )
    try:
        told = await here.read(lambda look: explain.explain_key(look, key, asked))
    except Invalid as error:
        return _page(here, view, typed, error=error)
    return _page(here, view, typed, shown(here, told))


def _typed(form: FormData) -> dict[str, str]:
    given = {name: str(form.get(name, "")).strip() for name in FIELDS}
    return {
        name: text if text.isprintable() and len(text) <= _LENGTH_MAX else ""
        for name, text in given.items()
    }


def _claims(typed: dict[str, str]) -> Claims | None:
    """The token that it comes with, None where nothing of one was typed."""
    sub, jti = (typed[name] for name in OF_TOKEN)
    return Claims(sub, jti=jti or None) if sub or jti else None


def _page(
    here: InProject,
    view: KeyView,
    typed: dict[str, str],
    explained: Shown | None = None,
    error: Invalid | None = None,
) -> Response:
    opened = [row.resource_id for row in view.access if row.resource is Resource.API]
    slugs = [view.slugs[id] for id in opened if id in view.slugs]
    return render(
        here,
        "keys/explain.html",
        422 if error else 200,
        view=view,
        typed=typed,
        explained=explained,
        problems=form_problems(error) if error else {},
        apis=[(slug, slug) for slug in slugs],
        methods=[("", "Not told"), *((one, one) for one in sorted(METHODS))],
    )
