"""Reading keys and their secrets' history."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from keyhouse.core.entities import Access, Key, KeyKind, SecretRow
from keyhouse.ports import Page
from keyhouse.services.actor import Reach
from keyhouse.services.catalog import reached_api
from keyhouse.services.issue.searching import (
    in_name_or_hint,
    is_secret,
    searched,
    secret_row,
)
from keyhouse.services.issue.views import (
    KeyState,
    KeyView,
    SecretView,
    secret_state,
    state_of,
    views_of,
)
from keyhouse.services.refusals import NotFound
from keyhouse.services.work import Look, Turn, Work

READ = "keys:read"
WRITE = "keys:write"

_STRETCHES_MAX: Final = 20
"""How many stretches of rows one page may look through for what fits."""


class KeyFilter(NamedTuple):
    """Which keys are wanted: `name` is a part of it, `api` an id or slug.

    `search` is a part of the name or of a secret's hint, or a whole secret:
    so it must not come out of an address, which is logged on its way.
    """

    name: str | None = None
    application: str | None = None
    api: str | None = None
    state: KeyState | None = None
    environment: str | None = None
    project: str | None = None
    search: str | None = None


def get_key(look: Look, id: str) -> KeyView:
    """A key within reach, a deleted one too."""
    return _viewed(look, [reached_key(look, READ, id)])[0]


def find_key(look: Look, secret: str) -> KeyView:
    """The key that a whole secret belongs to, a replaced secret's too.

    NotFound where there is none within reach; what it is not is not told.
    """
    row = secret_row(look, secret.strip())
    if row is None:
        raise NotFound("key")
    return get_key(look, row.key_id)


def list_secrets(look: Look, id: str) -> list[SecretView]:
    """The secrets of a key, the newest first; no string is told."""
    key = reached_key(look, READ, id)
    found = look.tx.find(SecretRow, key_id=key.id)
    used = look.reports.secrets_last_used(key.id)
    return [
        SecretView(row, secret_state(row, look.now_us), used.get(row.version))
        for row in sorted(found, key=lambda row: -row.version)
    ]


def list_keys(look: Look, turn: Turn, wanted: KeyFilter) -> Page:
    """Keys within reach, as views, the newest first; deleted ones only if asked for.

    A page may hold fewer than its limit, and even none, and yet have a next:
    rows that do not fit are passed over a bounded number at a time.
    """
    reach = look.actor.reach(READ)
    text = (wanted.search or "").strip()
    if not text.isprintable():
        return Page([], None)
    if is_secret(text):
        return Page(_opened_by(look, text, wanted), None)
    for keys, cursor in _stretches(look, turn, wanted, reach):
        fitting = [key for key in keys if _fits(look, key, wanted)]
        fitting = searched(look, fitting, text)
        mine = [key for key in fitting if _reached(look, reach, key)]
        if mine or cursor is None:
            break
    return Page(_viewed(look, mine), cursor)


def _opened_by(look: Look, secret: str, wanted: KeyFilter) -> list[KeyView]:
    """The key that a whole secret belongs to, if it is one of those wanted."""
    try:
        view = find_key(look, secret)
    except NotFound:
        return []
    names = {row.resource_id for row in view.access} | set(view.slugs.values())
    opens = wanted.api is None or wanted.api in names
    return [view] if opens and _fits(look, view.key, wanted) else []


def reached_key(at: Look | Work, scope: str, id: str) -> Key:
    """A key for which the actor holds `scope`; NotFound for any other."""
    reach = at.actor.reach(scope)
    key = at.own(Key, id)
    if not _reached(at, reach, key):
        raise NotFound("key")
    return key


def _reached(at: Look | Work, reach: Reach, key: Key) -> bool:
    """Whether a key is within reach: with its project, or with all that it opens.

    A management key is so by what it opens alone: whoever manages a project
    must not take hold of one for the whole organization that lies in it.
    """
    if reach.whole:
        return True
    if key.kind is not KeyKind.MANAGEMENT and reach.holds_project(key.project_id):
        return True
    return all(reach.holds_access(row) for row in at.tx.find(Access, key_id=key.id))


def _stretches(
    look: Look, turn: Turn, wanted: KeyFilter, reach: Reach
) -> Iterator[tuple[list[Key], str | None]]:
    """Stretches of keys, the newest first, each with the cursor behind it."""
    for _ in range(_STRETCHES_MAX):
        if wanted.api is None and (reach.whole or reach.project_ids):
            page = _by_key(look, turn, wanted)
            keys: list[Key] = page.rows
        else:
            page = _by_access(look, turn, _opened(look, wanted, reach))
            keys = page.rows
        yield keys, page.next_cursor
        if page.next_cursor is None:
            return
        turn = Turn(page.next_cursor, turn.limit)


def _by_key(look: Look, turn: Turn, wanted: KeyFilter) -> Page:
    equals: dict[str, object] = {"organization_id": look.actor.organization_id}
    if wanted.application is not None:
        equals["application_id"] = wanted.application
    if wanted.environment is not None:
        equals["environment"] = wanted.environment
    if wanted.project is not None:
        equals["project_id"] = wanted.project
    contains = {} if wanted.name is None else {"name": wanted.name}
    text = (wanted.search or "").strip()
    search = in_name_or_hint(text) if text else None
    return look.page(Key, turn, equals, contains, search)


def _opened(look: Look, wanted: KeyFilter, reach: Reach) -> tuple[str, ...]:
    """The APIs whose keys are wanted: the one asked for, or all in reach."""
    if wanted.api is None:
        return tuple(reach.api_ids)
    try:
        return (reached_api(look, READ, wanted.api).id,)
    except NotFound:
        return ()


def _by_access(look: Look, turn: Turn, api_ids: tuple[str, ...]) -> Page:
    """Keys by what they open. Ids of access begin with the key's, so that their

    order is that of the keys. A key is told with the last of its rows.
    """
    page = look.page(Access, turn, {"resource_id": api_ids})
    named = tuple({row.key_id for row in page.rows})
    last: dict[str, str] = {}
    for row in look.tx.find(Access, key_id=named, resource_id=api_ids):
        last.setdefault(row.key_id, row.id)
    told = tuple(row.key_id for row in page.rows if last[row.key_id] == row.id)
    return Page(look.tx.find(Key, id=told)[::-1], page.next_cursor)


def _fits(look: Look, key: Key, wanted: KeyFilter) -> bool:
    state = state_of(key, look.now_us)
    right_state = state is not KeyState.DELETED
    if wanted.state is not None:
        right_state = state is wanted.state
    name = (wanted.name or "").lower()
    return (
        right_state
        and name in key.name.lower()
        and key.organization_id == look.actor.organization_id
        and wanted.application in (None, key.application_id)
        and wanted.project in (None, key.project_id)
        and wanted.environment in (None, key.environment)
    )


def _viewed(look: Look, keys: list[Key]) -> list[KeyView]:
    used = look.reports.last_used([key.id for key in keys]) if keys else {}
    return views_of(look.tx, keys, look.now_us, used)
