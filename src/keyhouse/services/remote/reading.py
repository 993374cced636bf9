"""From what verify tells to a decision, as if it had been made here."""

import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final, NamedTuple

from keyhouse.core.decision import WINDOW_SECONDS, Decision
from keyhouse.core.entities import ImportedStrings, KeyKind, LimitKind, Resource, Window
from keyhouse.core.limits import MICROSECONDS, rate_limit
from keyhouse.core.moments import parse_time
from keyhouse.core.notices import notice_of
from keyhouse.core.quotas import FOREVER_US, Budget, Quota
from keyhouse.core.records import (
    ApiRecord,
    ApplicationRecord,
    CustomerRecord,
    GrantRecord,
    KeyRecord,
    Line,
    QuotaUse,
    RateUse,
    SecretRecord,
)
from keyhouse.core.reservations import ID_LENGTH_MAX
from keyhouse.core.user_tokens import UserToken
from keyhouse.core.verdict import BY_CODE, Verdict

LINES_MAX: Final = 4096
"""Lines are made once for each way that is told, and known by identity after."""
_WINDOWS: Final[dict[int | None, Window | None]] = {
    None: None,
    **{seconds: window for window, seconds in WINDOW_SECONDS.items()},
}
_COUNTED: Final = (
    Verdict.VALID,
    Verdict.RATE_LIMITED,
    Verdict.QUOTA_EXCEEDED,
    Verdict.CREDITS_EXHAUSTED,
)
_NOWHERE: Final = Budget("", "", "", "", "")
_REQUEST_ID: Final = re.compile(r"req_[0-9A-Za-z]{1,60}", re.ASCII)
_RESERVATION: Final = re.compile(rf"rsv_[\w-]{{1,{ID_LENGTH_MAX}}}", re.ASCII)
_TOKEN: Final = re.compile(r"[\w-]{1,64}", re.ASCII)


class Unreadable(Exception):
    """What came is no verdict. The text may be logged."""


class Told(NamedTuple):
    """A verdict that was told; `tokens` are empty where it is not to be kept."""

    request_id: str
    decision: Decision
    tokens: tuple[str, ...]
    reservation: str | None = None


class Reader:
    """Makes decisions of verdicts. One thread uses it."""

    def __init__(self) -> None:
        self._lines: dict[tuple[object, ...], Line] = {}

    def read(self, told: Any, slug: str, now_us: int) -> Told:  # noqa: ANN401 - JSON, not yet checked
        """The verdict on a request for the API `slug`. Raises Unreadable."""
        try:
            if "errors" in told:
                raise Unreadable(str(told["detail"])[:500])
            return self._told(told, slug, now_us)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unreadable(f"a verdict that cannot be read: {error!r}") from None

    def _told(self, told: dict[str, Any], slug: str, now_us: int) -> Told:
        verdict = BY_CODE[told["code"]]
        if told["allowed"] is not verdict.allowed:
            raise Unreadable("a verdict that contradicts itself")
        request_id = _matching(_REQUEST_ID, told["request_id"])
        tokens = tuple(_matching(_TOKEN, one) for one in told.get("forget", ()))
        decision = Decision(verdict, now_us, self._line(told, slug))
        if verdict.allowed and decision.line is None:
            raise Unreadable("a verdict that lets nobody pass")
        retry = told["retry_after"]
        decision.retry_us = None if retry is None else int(retry) * MICROSECONDS
        decision.scopes_missing = tuple(map(str, told["scopes_missing"]))
        if verdict in _COUNTED:
            decision.left = tuple(
                int(limit[number] or 0)  # credits have no time of return
                for limit in told["limits"]
                for number in ("remaining", "reset_seconds")
            )
        id = told.get("reservation")
        reservation = None if id is None else _matching(_RESERVATION, id)
        return Told(request_id, decision, tokens, reservation)

    def _line(self, told: dict[str, Any], slug: str) -> Line | None:
        key, application = told["key"], told["application"]
        if key is None:
            return None
        terms = tuple(
            (LimitKind(one["kind"]), str(one["name"]), one["amount"], one["window_seconds"])
            for one in told["limits"]
        )
        way = (
            slug,
            (key["id"], key["name"], key["environment"]),
            (application["id"], application["name"], application["external_id"]),
            frozenset(map(str, told["scopes"])),
            terms,
            told["customer"],
            # A gateway of before they were told has neither.
            (_moment(told.get("deprecated_at")), _moment(told.get("sunset"))),
            told.get("subject"),
        )
        line = self._lines.get(way)
        if line is None:
            if len(self._lines) >= LINES_MAX:
                self._lines.clear()
            line = self._lines[way] = _made(*way)
        return line


def _moment(text: str | None) -> int | None:
    return None if text is None else parse_time(text)


def _matching(form: re.Pattern[str], text: str) -> str:
    if not form.fullmatch(text):
        raise Unreadable("a verdict with a name that is none")
    return text


Term = tuple[LimitKind, str, int, int | None]


def _made(
    slug: str,
    key: tuple[str, str, str | None],
    application: tuple[str, str, str | None],
    scopes: frozenset[str],
    terms: tuple[Term, ...],
    customer: str | None,
    ends: tuple[int | None, int | None],
    subject: str | None,
) -> Line:
    grant = GrantRecord(Resource.API, "", "", None, scopes)
    return Line(
        secret=SecretRecord("", 0, 0, FOREVER_US, False),
        key=_key(key, application[0], grant),
        application=ApplicationRecord(
            application[0], "", "", application[1], application[2], False
        ),
        api=api_record(slug),
        grant=grant,
        state=None,
        starts_us=0,
        ends_us=FOREVER_US,
        rates=tuple(
            RateUse("", rate_limit(name, amount, seconds or 1, None))
            for kind, name, amount, seconds in terms
            if kind is LimitKind.RATE
        ),
        quotas=tuple(
            QuotaUse("", Quota(name, amount, _WINDOWS[seconds], UTC, 0), _NOWHERE)
            for kind, name, amount, seconds in terms
            if kind is LimitKind.QUOTA
        ),
        customer=CustomerRecord("", "", customer, False, (), ()) if customer else None,
        # When it is told is the gateway's affair: what came is told.
        notice=notice_of(FOREVER_US if ends[1] is None else ends[1], ends[0], FOREVER_US),
        token=_token(subject) if subject else None,
    )


def _token(subject: str) -> UserToken:
    """As much of a user's token as is told: whose it is."""
    return UserToken("", str(subject), "", "", "", "", "", 0, FOREVER_US, frozenset())


def _key(
    told: tuple[str, str, str | None], application_id: str, grant: GrantRecord
) -> KeyRecord:
    id, name, environment = told
    return KeyRecord(
        id=id,
        name=name,
        organization_id="",
        project_id="",
        application_id=application_id,
        kind=KeyKind.SERVER,
        environment=environment,
        starts_us=0,
        ends_us=FOREVER_US,
        disabled=False,
        revoked=False,
        deleted=False,
        networks=None,
        referrers=None,
        endpoints=None,
        rates=(),
        quotas=(),
        grants=(grant,),
        secrets=(),
    )


def imported_strings(told: object) -> ImportedStrings | None:
    """Which strings of other systems may be keys, as an API's answer tells it.

    An older Keyhouse tells nothing. Raises KeyError, TypeError and ValueError.
    """
    if told is None:
        return None
    if not isinstance(told, Mapping):
        raise TypeError("imported is no object")
    return ImportedStrings(
        algorithms=(),
        length_min=int(told["length_min"]),
        length_max=int(told["length_max"]),
    )


def api_record(
    slug: str,
    key_header: bytes = b"x-api-key",
    query_parameter: bytes | None = None,
    imported: ImportedStrings | None = None,
) -> ApiRecord:
    """What is known of an API elsewhere: where its callers put their key, and what

    may be one.
    """
    return ApiRecord(
        id="",
        organization_id="",
        project_id="",
        slug=slug,
        upstreams={},
        key_header=key_header,
        query_parameter=query_parameter,
        endpoints=None,
        routes=(),
        rates=(),
        quotas=(),
        disabled=False,
        imported=imported,
    )
