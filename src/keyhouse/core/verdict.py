"""The one table of outcomes. A new outcome is a new row here and nowhere else.

`number` is what the spool and the database hold, so it never changes meaning.
`title` and `detail` are what a caller reads: they tell what a stranger may
know and no more, which is why `malformed` and `unknown` read alike.
"""

from enum import Enum
from http import HTTPStatus


class Verdict(Enum):
    """What a verification came to: number, code, HTTP status, title, detail."""

    number: int
    code: str
    status: int
    title: str
    detail: str

    def __init__(
        self, number: int, code: str, status: int, title: str, detail: str
    ) -> None:
        self.number = number
        self.code = code
        self.status = status
        self.title = title
        self.detail = detail

    VALID = (0, "valid", 200, "The key is valid", "The request may pass.")
    CONFLICTING_CREDENTIALS = (
        1,
        "conflicting_credentials",
        400,
        "More than one key",
        "The request carries two different keys; send exactly one.",
    )
    MISSING = (
        2,
        "missing",
        401,
        "No API key",
        "Send a key in the X-API-Key header or as Authorization: Bearer.",
    )
    MALFORMED = (3, "malformed", 401, "Invalid API key", "The key is not valid.")
    UNKNOWN = (4, "unknown", 401, "Invalid API key", "The key is not valid.")
    DISABLED = (
        5,
        "disabled",
        401,
        "Key disabled",
        "The key is switched off; its owner can enable it again.",
    )
    REVOKED = (
        6,
        "revoked",
        401,
        "Key revoked",
        "The key was revoked and will not work again; create a new one.",
    )
    EXPIRED = (
        7,
        "expired",
        401,
        "Key expired",
        "The key's last day is past; replace it or move its end.",
    )
    NOT_YET_VALID = (
        8,
        "not_yet_valid",
        401,
        "Key not yet valid",
        "The key's first day has not come.",
    )
    CREDITS_EXHAUSTED = (
        9,
        "credits_exhausted",
        402,
        "No credits left",
        "The prepaid balance is used up.",
    )
    ENVIRONMENT_MISMATCH = (
        10,
        "environment_mismatch",
        403,
        "Wrong environment",
        "The key belongs to another environment than this request asks for.",
    )
    API_NOT_ALLOWED = (
        11,
        "api_not_allowed",
        403,
        "API not allowed",
        "The key does not open this API.",
    )
    IP_NOT_ALLOWED = (
        12,
        "ip_not_allowed",
        403,
        "Address not allowed",
        "The key may not be used from this network address.",
    )
    REFERRER_NOT_ALLOWED = (
        13,
        "referrer_not_allowed",
        403,
        "Referrer not allowed",
        "The key may not be used from this web page.",
    )
    APP_NOT_ALLOWED = (
        14,
        "app_not_allowed",
        403,
        "App not allowed",
        "The key may not be used from this app.",
    )
    ENDPOINT_NOT_ALLOWED = (
        15,
        "endpoint_not_allowed",
        403,
        "Endpoint not allowed",
        "The key does not open this method and path.",
    )
    SCOPE_MISSING = (
        16,
        "scope_missing",
        403,
        "Scope missing",
        "The key lacks a scope that this call needs.",
    )
    SUBSCRIPTION_INACTIVE = (
        17,
        "subscription_inactive",
        403,
        "Subscription inactive",
        "The application has no active subscription to this API.",
    )
    TLS_REQUIRED = (
        18,
        "tls_required",
        403,
        "TLS required",
        "Send keys over HTTPS only.",
    )
    BROWSER_NOT_ALLOWED = (
        19,
        "browser_not_allowed",
        403,
        "Not from a browser",
        "A server key must never be sent from a browser.",
    )
    RATE_LIMITED = (
        20,
        "rate_limited",
        429,
        "Too many requests",
        "The rate limit is reached; wait as Retry-After says.",
    )
    QUOTA_EXCEEDED = (
        21,
        "quota_exceeded",
        429,
        "Quota used up",
        "The quota is used up until its window ends; see Retry-After.",
    )
    UNAVAILABLE = (
        22,
        "unavailable",
        503,
        "Temporarily unavailable",
        "The key cannot be checked now; try again shortly.",
    )

    @property
    def allowed(self) -> bool:
        """Whether the request may pass."""
        return self is Verdict.VALID

    @property
    def shows_no_good_secret(self) -> bool:
        """Whether anybody may get it: no secret came, or none that works."""
        return self.status == HTTPStatus.UNAUTHORIZED


BY_NUMBER: dict[int, Verdict] = {verdict.number: verdict for verdict in Verdict}
BY_CODE: dict[str, Verdict] = {verdict.code: verdict for verdict in Verdict}
