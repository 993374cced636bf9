"""Reading keys and their secrets' history."""

from collections.abc import Sequence

from keyhouse.core.entities import Access, Key, KeyKind, SecretRow
from keyhouse.ports import KeysWanted, Page
from keyhouse.services.actor import Reach
from keyhouse.services.issue.filters import KeyFilter, wanted_keys
from keyhouse.services.issue.searching import is_secret, secret_row
from keyhouse.services.issue.views import (
    KeyView,
    SecretView,
    secret_state,
    views_of,
)
from keyhouse.services.refusals import NotFound
from keyhouse.services.work import Look, Turn, Work, bad_cursor

READ = "keys:read"
WRITE = "keys:write"


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

    A page is full or the last, but where many keys have to be passed over for
    few: it then holds what was found so far, which may be none, and has a next.
    """
    reach = look.actor.reach(READ)
    text = (wanted.search or "").strip()
    secret = text if is_secret(text) else None
    fit = wanted_keys(look, reach, wanted._replace(search=None) if secret else wanted)
    if fit is None:
        return Page([], None)
    if secret is not None:
        return Page(_opened_by(look, secret, fit), None)
    try:
        page = look.tx.page_of_keys(fit, after=turn.cursor, limit=turn.limit)
    except ValueError:
        raise bad_cursor() from None
    return Page(_viewed(look, page.rows), page.next_cursor)


def _opened_by(look: Look, secret: str, wanted: KeysWanted) -> list[KeyView]:
    """The key that a whole secret belongs to, if it is one of those wanted."""
    row = secret_row(look, secret)
    if row is None:
        return []
    only = wanted._replace(only_id=row.key_id)
    return _viewed(look, look.tx.page_of_keys(only, after=None, limit=1).rows)


def reached_key(at: Look | Work, scope: str, id: str) -> Key:
    """A key for which the actor holds `scope`; NotFound for any other."""
    reach = at.actor.reach(scope)
    key = at.own(Key, id)
    if not _within(at, reach, [key]):
        raise NotFound("key")
    return key


def reached_keys(at: Look | Work, scope: str, keys: Sequence[Key]) -> list[Key]:
    """Those of the organization's keys for which the actor holds `scope`, in one read."""
    return _within(at, at.actor.reach(scope), keys)


def _within(at: Look | Work, reach: Reach, keys: Sequence[Key]) -> list[Key]:
    """Those within reach: with their project, or with all that they open.

    A management key is so by what it opens alone: whoever manages a project
    must not take hold of one for the whole organization that lies in it.
    """
    doubtful = {key.id for key in keys if not _is_with_project(reach, key)}
    if not doubtful:
        return list(keys)
    rows = at.tx.find(Access, key_id=tuple(doubtful))
    beyond = {row.key_id for row in rows if not reach.holds_access(row)}
    return [key for key in keys if key.id not in beyond]


def _is_with_project(reach: Reach, key: Key) -> bool:
    by_project = key.kind is not KeyKind.MANAGEMENT
    return reach.whole or (by_project and reach.holds_project(key.project_id))


def _viewed(look: Look, keys: list[Key]) -> list[KeyView]:
    used = look.reports.last_used([key.id for key in keys]) if keys else {}
    return views_of(look.tx, keys, look.now_us, used)
