"""Explaining: what a key's request would come to, and what one in the log came to.

A dry run. It reads and writes nothing: no rate, quota or lease is spent, no
usage counted, and the key does not count as used.
"""

from dataclasses import replace
from typing import Final, NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import Access, Api, Key
from keyhouse.core.explain import Explanation, ToldToken, explain, explain_unseen
from keyhouse.core.redaction import CUT_OUT
from keyhouse.core.request import Request
from keyhouse.core.usage import MINTING, LogRow
from keyhouse.core.verdict import BY_NUMBER, Verdict
from keyhouse.services.explain.asking import Asked, read_request
from keyhouse.services.explain.bearers import logged_token, read_claims
from keyhouse.services.explain.scenes import (
    away_from_endpoints,
    case_of,
    find_logged_api,
    opened_api,
    scene_of,
)
from keyhouse.services.issue.queries import READ, reached_key
from keyhouse.services.refusals import NotFound
from keyhouse.services.reports.queries import READ_REQUESTS, sees_key
from keyhouse.services.work import Look

PATH_BYTES_MAX: Final = 512
"""The log keeps so much of a path: one as long may have been cut there."""
NOT_KEPT: Final = ("referrer", "origin", "app", "tls", "environment", "scopes", "cost")
"""What the log does not keep of a request."""
OF_TOKENS_NOT_KEPT: Final = ("token.scope", "token.exp", "token.limits")
"""What it does not keep of a user's token."""


class Explained(NamedTuple):
    """An explanation and what it is about.

    `key` and `secret_version` are None where a line of the log has no key, or
    one beyond reach. `not_kept` are facts of the request that nobody knows.
    """

    explanation: Explanation
    api: Api
    request: Request
    key: Key | None = None
    secret_version: int | None = None
    logged: LogRow | None = None
    not_kept: tuple[str, ...] = ()
    token: ToldToken | None = None


def explain_key(look: Look, id: str, asked: Asked) -> Explained:
    """Every reason why a request with this key would be refused, and how to mend it.

    NotFound for a key beyond reach; Invalid names what is wrong with the request.
    """
    key = reached_key(look, READ, id)
    access = look.tx.find(Access, key_id=key.id)
    api = opened_api(look, access, key, asked.api)
    request = read_request(asked, api.slug)
    scene = scene_of(look, key, access, api)
    told = None if asked.token is None else read_claims(asked.token, key, api)
    case = case_of(look, scene, request, asked.secret_version, told=told)
    return Explained(explain(case), api, request, key, case.secret.version, token=told)


def explain_request(look: Look, id: str) -> Explained:
    """What a request of the log came to then, and would come to now.

    NotFound for one beyond reach, for one not booked yet and where its API is gone.
    """
    row = _logged(look, id)
    api = find_logged_api(look, row.use.api_id)
    if api is None:
        raise NotFound("request")
    path = _path(row, api.slug)
    request = Request(None, api.slug, row.address, row.method or None, path)
    verdict = BY_NUMBER[row.verdict]
    not_kept = NOT_KEPT if path is not None else (*NOT_KEPT, "path")
    key = _key(look, row)
    if key is None:
        told = explain_unseen(verdict, _UNSEEN.get(verdict, _ANY_MEND))
        return Explained(told, api, request, logged=row, not_kept=not_kept)
    scene = scene_of(look, key, look.tx.find(Access, key_id=key.id), api)
    if row.use.route_id == MINTING:
        scene, request = away_from_endpoints(scene), replace(request, path=None, cost=0)
    known = row.use.secret_version in {one.version for one in scene.secrets}
    version = row.use.secret_version if known else None
    token = logged_token(row.use)
    case = case_of(look, scene, request, version, verdict, token)
    told = explain(case)
    not_kept = not_kept if token is None else (*not_kept, *OF_TOKENS_NOT_KEPT)
    secret = case.secret.version
    return Explained(told, api, request, key, secret, row, not_kept, token)


_ANY_MEND: Final = "Ask who owns the key: only they are told more."
_UNSEEN: Final = {
    Verdict.CONFLICTING_CREDENTIALS: "Look for a proxy or library that adds a key.",
    Verdict.MISSING: "Have the caller send its key in the header that the API takes.",
    Verdict.MALFORMED: "Copy the key anew: what came is cut short or mistyped.",
    Verdict.UNKNOWN: "Copy the key anew: no key has this secret.",
    Verdict.TLS_REQUIRED: "Have the caller use https.",
    Verdict.UNAVAILABLE: "Call again; if it lasts, look into the log of the gateway.",
}


def _logged(look: Look, id: str) -> LogRow:
    """A line of the log within reach: by its API, or by its key."""
    reach = look.actor.reach(READ_REQUESTS)
    if not ids.is_id(id, ids.REQUEST):
        raise NotFound("request")
    page = look.reports.requests(
        look.actor.organization_id, after=None, limit=1, equals={"request": (id,)}
    )
    for row in page.rows:
        api = find_logged_api(look, row.use.api_id)
        mine = reach.whole or (api is not None and reach.holds_api(api))
        if mine or sees_key(look, READ_REQUESTS, row.use.key_id):
            found: LogRow = row
            return found
    raise NotFound("request")


def _key(look: Look, row: LogRow) -> Key | None:
    """The line's key, if the actor may be told of it."""
    look.actor.reach(READ)
    try:
        return reached_key(look, READ, row.use.key_id)
    except NotFound:
        return None


def _path(row: LogRow, slug: str) -> str | None:
    """The path below the API's root; None where the log does not tell all of it.

    The gateway, verify and forward-auth write it behind the API's slug, a
    guard as its application has it.
    """
    path = row.path
    if len(path.encode("utf-8", "replace")) >= PATH_BYTES_MAX or CUT_OUT in path:
        return None
    if path == f"/{slug}" or path.startswith(f"/{slug}/"):
        path = path[len(slug) + 1 :]
    return path or None
