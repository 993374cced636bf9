"""Why a request was refused, for the people whose key or API it was.

Title and detail are those of the one table, `core.verdict`; here stands only
what its readers may do about it, and where.
"""

from enum import StrEnum
from typing import Final, NamedTuple

from keyhouse.core.addresses import format_address
from keyhouse.core.usage import LogRow
from keyhouse.core.verdict import BY_NUMBER, Verdict


class Place(StrEnum):
    """Where the mend is made: a page of the console, or the caller's program."""

    KEY = "key"
    API = "api"
    CALLER = "caller"
    NOWHERE = "nowhere"


class Mend(NamedTuple):
    """What may be done about a refusal; `{address}` and the like are filled in."""

    place: Place
    text: str


class Why(NamedTuple):
    """A refusal in words: what it was, what it means, what to do, and where."""

    code: str
    title: str
    detail: str
    mend: str
    place: Place


MENDS: Final = {
    Verdict.VALID: Mend(Place.NOWHERE, "Nothing: the request was let pass."),
    Verdict.CONFLICTING_CREDENTIALS: Mend(
        Place.CALLER, "Look for a proxy or a library that adds a second key."
    ),
    Verdict.MISSING: Mend(
        Place.CALLER, "Have the caller send its key in the header that the API takes."
    ),
    Verdict.MALFORMED: Mend(
        Place.CALLER, "Copy the key anew: what came is cut short or mistyped."
    ),
    Verdict.UNKNOWN: Mend(
        Place.CALLER,
        "Copy the key anew. If nobody here uses {address}, it may be a guess.",
    ),
    Verdict.DISABLED: Mend(
        Place.KEY, "Enable the key, or its application or project, once you trust it."
    ),
    Verdict.REVOKED: Mend(
        Place.KEY, "Create a new key and hand it to whoever still uses this one."
    ),
    Verdict.EXPIRED: Mend(
        Place.KEY, "Put the current secret to use, or move the end of the key."
    ),
    Verdict.NOT_YET_VALID: Mend(Place.KEY, "Wait for its start, or move it."),
    Verdict.CREDITS_EXHAUSTED: Mend(Place.KEY, "Top up the balance."),
    Verdict.ENVIRONMENT_MISMATCH: Mend(
        Place.CALLER, "Use a key of the environment that was asked for."
    ),
    Verdict.API_NOT_ALLOWED: Mend(
        Place.KEY, "Add the API to what the key may call, or use another key."
    ),
    Verdict.IP_NOT_ALLOWED: Mend(
        Place.KEY, "If {address} is one of yours, add its network to the key."
    ),
    Verdict.REFERRER_NOT_ALLOWED: Mend(
        Place.KEY, "If the web page is one of yours, add it to the key's referrers."
    ),
    Verdict.APP_NOT_ALLOWED: Mend(
        Place.KEY, "If the app is one of yours, add it to the key's apps."
    ),
    Verdict.ENDPOINT_NOT_ALLOWED: Mend(
        Place.KEY, "Add {method} {path} to the key's endpoints, or call another."
    ),
    Verdict.SCOPE_MISSING: Mend(
        Place.KEY, "Give the key the scope that {method} {path} needs."
    ),
    Verdict.SUBSCRIPTION_INACTIVE: Mend(
        Place.NOWHERE, "Ask the provider of the API about the subscription."
    ),
    Verdict.TLS_REQUIRED: Mend(Place.CALLER, "Call over https."),
    Verdict.BROWSER_NOT_ALLOWED: Mend(
        Place.CALLER,
        "Call from a server, or make a publishable key for the page. If this key "
        "stands in a web page, replace it now.",
    ),
    Verdict.RATE_LIMITED: Mend(
        Place.KEY, "Have the caller slow down and wait, or raise the limit."
    ),
    Verdict.QUOTA_EXCEEDED: Mend(
        Place.KEY, "Wait until the window ends, or raise the quota."
    ),
    Verdict.UNAVAILABLE: Mend(
        Place.NOWHERE, "Call again. If it lasts, look into the log of the gateway."
    ),
}


def why(row: LogRow) -> Why:
    """What a line of the request log came to, and what to do about it."""
    verdict = BY_NUMBER[row.verdict]
    mend = MENDS[verdict]
    text = mend.text.format(
        address=format_address(row.address) or "that address",
        method=row.method,
        path=row.path,
    )
    place = mend.place
    if place is Place.KEY and not row.use.key_id:
        place = Place.NOWHERE
    return Why(verdict.code, verdict.title, verdict.detail, text, place)
