"""A request as the verify endpoint is asked about it."""

import json
from typing import Any, Final

from keyhouse.core.addresses import format_address
from keyhouse.core.request import Request
from keyhouse.core.secret import SECRET_LENGTH_MAX
from keyhouse.core.user_tokens import TOKEN_LENGTH_MAX, looks_like_token
from keyhouse.core.verdict import Verdict

_ZEROS, _ONES = "0" * 36, "1" * 36
_STANDING_FOR: Final = {
    Verdict.MISSING: "",
    Verdict.MALFORMED: "malformed",
    # Two keys that differ, and are none.
    Verdict.CONFLICTING_CREDENTIALS: f"kh_sk_test_{_ZEROS}, kh_sk_test_{_ONES}",
}
"""What has verify count a refusal of credentials that were no key."""


def entry_of(request: Request, *, reserves: bool = False) -> bytes:
    """The entry of a batch that asks about `request`, or reserves its cost."""
    told = _told(request) | {"secret": _text(request.secret or b"")}
    if reserves:
        told["reserve"] = told.pop("cost")
    return _written(told)


def report_of(request: Request, verdict: Verdict) -> bytes:
    """The entry that has a refusal counted which was given here already.

    It costs nothing, so that nothing is spent if the key is good by now.
    """
    secret = _STANDING_FOR.get(verdict, _text(request.secret or b""))
    told = _told(request)
    if verdict in _STANDING_FOR:
        told.pop("token", None)
    return _written(told | {"secret": secret, "cost": 0})


def _told(request: Request) -> dict[str, Any]:
    told = {
        "api": request.api,
        "address": format_address(request.address),
        "method": request.method,
        "path": request.path,
        "referrer": request.referrer,
        "origin": request.origin,
        "app": request.app,
        "tls": request.tls,
        "environment": request.environment,
        "scopes": list(request.scopes),
        "browser": request.browser,
    }
    given = {name: value for name, value in told.items() if value}
    if request.token is not None:
        given["token"] = _text(request.token)
    if request.key_id is not None:
        given["key_id"] = request.key_id  # '' is an id as well: that of no key
    return given if request.cost is None else given | {"cost": request.cost}


def _text(secret: bytes) -> str:
    most = TOKEN_LENGTH_MAX if looks_like_token(secret) else SECRET_LENGTH_MAX
    return secret[:most].decode("utf-8", "replace")


def _written(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode("ascii")
