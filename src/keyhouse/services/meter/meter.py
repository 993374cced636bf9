"""The meter: writes down each answer before its first byte leaves."""

from typing import Final, NamedTuple

from keyhouse.core.decision import Decision
from keyhouse.core.entities import Alert, KeyKind
from keyhouse.core.records import ApiRecord, Line
from keyhouse.core.redaction import LENGTH_MIN, redacted
from keyhouse.core.usage import Completed, Refund, Use, UseOfUser
from keyhouse.core.verdict import Verdict
from keyhouse.ports import Spool
from keyhouse.services.alerts.alarms import Alarms
from keyhouse.services.meter.rolling import LOG_ROWS_MAX, Rolling

USES_MAX: Final = 16_384
"""Ways from a secret to a route whose `Use` is kept made, in one stretch."""

_VALID: Final = Verdict.VALID
_VALID_NUMBER: Final = _VALID.number


class Cut(NamedTuple):
    """What was counted from one position of the spool to another."""

    start: int
    end: int
    rolling: Rolling
    alerts: list[Alert]


class Meter:
    """Writes what was decided, and how it ended, into the spool.

    One thread, the spool's; no call blocks. What is written is summed up at
    the same time, so that it need not be read back unless the process dies.
    """

    __slots__ = ("_rolling", "_start", "_uses", "alarms", "log_rows_max", "spool")

    def __init__(
        self,
        spool: Spool,
        log_rows_max: int = LOG_ROWS_MAX,
        alarms: Alarms | None = None,
    ) -> None:
        self.spool = spool
        self.alarms = alarms or Alarms()
        self.log_rows_max = log_rows_max
        self._start = 0
        self._rolling = Rolling(log_rows_max)
        self._uses: dict[object, Use] = {}

    def served(
        self,
        request_id: str,
        decision: Decision,
        api: ApiRecord | None,
        method: str,
        path: str,
        address: int,
    ) -> Use | None:
        """Count a decision.

        `api` is what it was made for: None where there is no such one, or where the
        decision has a line, which tells it. `path` is without its query, and written
        down without what has the form of a secret. None when the spool is full: then
        the answer must be a refusal and the reservation is to be released. What it
        gives otherwise is for `completed`.
        """
        if len(path) >= LENGTH_MIN:
            path = redacted(path)
        use = self._uses.get(_way(decision, api))
        if use is None:
            use = self.use(decision, api)
        verdict, at_us, lease_ids = decision.verdict, decision.at_us, decision.lease_ids
        if verdict is _VALID:
            number, units = _VALID_NUMBER, decision.units
        else:
            number, units = verdict.number, 0
        if not self.spool.served(
            request_id, at_us, use, number, method, path, address, units, lease_ids
        ):
            return None
        self._rolling.served(
            request_id, at_us, use, number, method, path, address, units, lease_ids
        )
        return use

    def beside(self, door: str, decision: Decision) -> None:
        """What was just counted came by that door, and not by the usual one."""
        way = (door, decision.verdict.number)
        beside = self._rolling.beside
        beside[way] = beside.get(way, 0) + 1

    def completed(
        self,
        request_id: str,
        decision: Decision,
        use: Use,
        status: int,
        latency_us: int,
        bytes_in: int,
        bytes_out: int,
    ) -> None:
        """Add how the exchange of a counted decision ended; `status` 0 where

        the upstream gave none. Bytes are those of the bodies.
        """
        at_us, number = decision.at_us, decision.verdict.number
        if self.spool.completed(
            request_id, at_us, use, number, status, latency_us, bytes_in, bytes_out
        ):
            self._rolling.completed(
                request_id, at_us, use, number, status, latency_us, bytes_in, bytes_out
            )

    def settled(self, ended: Completed, decision: Decision, refund: int) -> bool:
        """As `completed`, for a call that came to `refund` units less than it reserved.

        True where that is written down: only then may they be spent by others.
        """
        whole = ended
        if refund:
            whole = ended._replace(refund=Refund(refund, decision.lease_ids))
        if not self.spool.completed(*whole):
            return False
        self._rolling.completed(*whole)
        return True

    def cut(self) -> Cut | None:
        """End the stretch here; None where nothing was counted since the last."""
        # The spool names each use anew now. Held on to, they would take a tenth of what a
        # cached key takes, and most are of keys that do not call all the time.
        self._uses.clear()
        start, end = self._start, self.spool.cut()
        if end == start:
            return None
        cut = Cut(start, end, self._rolling, self.alarms.take())
        self._start = end
        self._rolling = Rolling(self.log_rows_max)
        return cut

    def use(self, decision: Decision, api: ApiRecord | None) -> Use:
        """The one `Use` object of a way: all others find it by identity."""
        way = _way(decision, api)
        use = self._uses.get(way)
        if use is None:
            if len(self._uses) >= USES_MAX:
                self._uses.clear()
            use = self._uses[way] = use_of(decision, api)
            line = decision.line
            if line is not None and _is_apart(line):
                self._rolling.apart.add(id(use))
        return use


def _is_apart(line: Line) -> bool:
    """Whether calls come from where readers of a page or users are."""
    return line.by_token or line.key.kind is KeyKind.PUBLISHABLE


def _way(decision: Decision, api: ApiRecord | None) -> object:
    """What a use is kept by: most calls meet no route, and their line does alone."""
    known = decision.line or api
    return (known, decision.route_id) if decision.route_id else known


def use_of(decision: Decision, api: ApiRecord | None) -> Use:
    """Whose use a decision is, as far as it is known."""
    line = decision.line
    if line is None:
        provider, api_id = (api.organization_id, api.id) if api else ("", "")
        return Use(provider, "", api_id, decision.route_id, "", 0, "", "", "")
    key, token = line.key, line.token
    made = Use if token is None else UseOfUser
    use = made(
        provider_id=line.api.organization_id,
        consumer_id=key.organization_id,
        api_id=line.api.id,
        route_id=decision.route_id,
        key_id=key.id,
        secret_version=line.secret.version,
        application_id=line.application.id,
        environment=key.environment or "",
        subscription_id=line.subscription.id if line.subscription else "",
    )
    if isinstance(use, UseOfUser) and token is not None:
        use.user = f"{token.application_id}/{token.subject}"
        use.token, use.session = token.id, token.session
    return use
