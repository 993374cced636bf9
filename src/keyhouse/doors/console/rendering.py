"""Answers: pages from templates, and the way on after a change."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from keyhouse.doors.console import words
from keyhouse.doors.console.assets import FOLDER, Assets
from keyhouse.doors.console.cookies import (
    PLACE,
    remember_place,
    send_toast,
    take_toast,
    theme,
    waiting_toast,
)
from keyhouse.doors.console.icons import load_icons
from keyhouse.doors.console.toasts import Undo, toast_of
from keyhouse.doors.console.visits import Anyone, InProject

TEMPLATES: Final = Path(__file__).parent / "templates"


def load_templates(assets: Assets) -> Environment:
    """The templates with what all of them use; everything is escaped."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    templates.globals.update(
        asset=assets.url, icon=load_icons(FOLDER / "vendor" / "icons.json")
    )
    templates.filters.update(
        ago=_ago,
        until=_ago,
        when=_when,
        count=words.count,
        duration=words.duration,
        micros=words.micros,
        plural=words.plural,
        exact=words.exact,
        day=words.day,
    )
    return templates


@pass_context
def _ago(context: Context, at_us: int | None) -> str:
    return words.ago(at_us, context["here"].now_us)


@pass_context
def _when(context: Context, at_us: int | None, never: str = "never") -> Markup:
    return words.when(at_us, context["here"].now_us, never)


def render(
    here: Anyone,
    template: str,
    status: int = 200,
    *,
    toast: str | None = None,
    headers: Mapping[str, str] | None = None,
    **context: Any,  # noqa: ANN401 # whatever the template shows
) -> HTMLResponse:
    """A page, or the part of one that htmx asked for. `toast` is shown with it."""
    waiting = None if here.is_partial else waiting_toast(here.request)
    told = toast_of(toast) if toast else waiting
    text = here.desk.templates.get_template(template).render(
        here=here,
        toast=None if here.is_partial else told,
        theme=theme(here.request),
        **context,
    )
    answer = HTMLResponse(text, status, headers=dict(headers or {}))
    if here.is_partial and toast:
        answer.headers["HX-Trigger"] = json.dumps({"toast": toast_of(toast)})
    if waiting is not None:
        take_toast(here.request, answer, secure=here.config.secure_cookies)
    _note_place(here, answer)
    return answer


def _note_place(here: Anyone, answer: Response) -> None:
    if not isinstance(here, InProject):
        return
    place = here.place.root.lstrip("/")
    if here.request.cookies.get(PLACE) != place:
        remember_place(answer, place, secure=here.config.secure_cookies)


def see_other(
    here: Anyone, url: str, toast: str | None = None, undo: Undo | None = None
) -> Response:
    """Go on to `url` after a change; the page there shows the toast."""
    answer: Response
    if here.is_partial:
        answer = Response(status_code=204, headers={"HX-Redirect": url})
    else:
        answer = RedirectResponse(url, 303)
    if toast:
        told = toast_of(toast, undo)
        send_toast(answer, told, secure=here.config.secure_cookies)
    return answer
