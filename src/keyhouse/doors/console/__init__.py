"""The console: pages for people, on the management process.

A page is a module in `pages` with a `router`; `contents.py` lists it:

    router = APIRouter()

    @router.get("/{project}/{environment}/keys")
    async def keys(here: Here) -> Response:
        page = await here.read(lambda look: list_keys(look, Turn(), KeyFilter()))
        return render(here, "keys/list.html", page=page)

    @router.post("/{project}/{environment}/keys")
    async def create(here: Here) -> Response:
        typed = await here.form()
        try:
            made = await here.write(lambda work: create_key(work, ...))
        except (Invalid, Taken) as error:
            wrong = form_problems(error)
            return render(here, "keys/new.html", 422, typed=typed, problems=wrong)
        return see_other(here, here.url("keys", made.id), toast="Key created")

Addresses and who is there (`visitors.py`; the path's parameters have these names):
  `/{project}/{environment}/…`  -> `here: Here`, with project, environment
  `/{organization}/…`           -> `here: OrganizationHere`, with organization, role, actor
  `/account/…`                  -> `here: MeHere`, with signed (person, memberships)
  all else                      -> `here: AnyoneHere`
Another's id, an unknown one and a shapeless one are the same 404; strangers are sent
to `/login?next=`; unsafe methods have passed the CSRF check before a page sees them.
`here.may("keys:write")` says whether to show a button; services ask again themselves.
`here.url("keys", key.id)` stays in project and environment; `here.organization_url(…)`.
`await here.read(ask)` and `await here.write(act)` run a use-case on a thread and give
its value. NotFound and Forbidden need no catching: they become error pages.

Answers (`rendering.py`): `render(here, template, status=200, *, toast=None, **context)`;
`see_other(here, url, toast=None, undo=None)` for after a change, with htmx or without.
Every page is `no-store`. `here.is_partial` is true where htmx asked.

Templates extend `frame.html` (blocks `title`, `heading`, `above`, `lead`, `actions`,
`content`, `scripts`) or `panel.html` (set `behind`, the address of the list; blocks
`title`, `panel_lead`, `panel`, `scripts`): opened from a link with `data-panel` it
slides over the page; opened by its own address it brings the list with it. A form in a
panel is `{% call ui.panel_form(here, action) %}…{% endcall %}`; it may answer 422 with
the same template. A fragment that htmx swaps is a template without `extends`.
`{% import "ui.html" as ui with context %}`: see the head of `templates/ui.html`.

In templates: `asset("console.js")`, `icon("key-round")`, filters `ago`, `until`, `when`
(a `<time>` element), `count` (grouped), `duration`, `micros` (a latency), `plural`.
No inline script or style, no `style=`, no `hx-on` (the policy of `security.py`). Scripts
of single pages are `static/*.js`, loaded by the block `scripts`. Every `static/css/*.css`
is joined, in order of name, into one sheet, every `static/js/*.js` into `console.js`:
what a page needs of its own goes into a file of its own there.
"""

from keyhouse.doors.console.app import build_console
from keyhouse.doors.console.config import ConsoleConfig

__all__ = ["ConsoleConfig", "build_console"]
