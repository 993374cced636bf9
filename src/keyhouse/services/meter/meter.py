"""The meter: writes down each answer before its first byte leaves."""

from typing import Final

from keyhouse.core.decision import Decision
from keyhouse.core.records import ApiRecord, Line
from keyhouse.core.usage import Completed, Served, Use
from keyhouse.core.verdict import Verdict
from keyhouse.ports import Spool

USES_MAX: Final = 16_384
"""Ways from a secret to a route whose `Use` is kept made."""

_VALID: Final = Verdict.VALID


class Meter:
    """Writes what was decided, and how it ended, into the spool.

    One thread, the spool's. Neither call blocks.
    """

    __slots__ = ("_spool", "_uses")

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._uses: dict[tuple[Line | ApiRecord | None, str], Use] = {}

    def served(
        self,
        request_id: str,
        decision: Decision,
        *,
        api: ApiRecord | None,
        method: str,
        path: str,
        address: int,
    ) -> bool:
        """Count a decision, made for `api` (None where there is no such API).

        `path` is without its query. False when the spool is full: then the
        answer must be a refusal and the reservation is to be released.
        """
        verdict = decision.verdict
        return self._spool.served(
            Served(
                request_id,
                decision.at_us,
                self._use(decision, api),
                verdict.number,
                method,
                path,
                address,
                decision.units if verdict is _VALID else 0,
                decision.lease_ids,
            )
        )

    def completed(
        self,
        request_id: str,
        decision: Decision,
        *,
        api: ApiRecord | None,
        status: int,
        latency_us: int,
        bytes_in: int,
        bytes_out: int,
    ) -> None:
        """Add how the exchange of a counted decision ended; `status` 0 where

        the upstream gave none. Bytes are those of the bodies.
        """
        self._spool.completed(
            Completed(
                request_id,
                decision.at_us,
                self._use(decision, api),
                decision.verdict.number,
                status,
                latency_us,
                bytes_in,
                bytes_out,
            )
        )

    def _use(self, decision: Decision, api: ApiRecord | None) -> Use:
        """The one `Use` object of a way: the spool finds it by identity."""
        way = (decision.line or api, decision.route_id)
        use = self._uses.get(way)
        if use is None:
            if len(self._uses) >= USES_MAX:
                self._uses.clear()
            use = self._uses[way] = use_of(decision, api)
        return use


def use_of(decision: Decision, api: ApiRecord | None) -> Use:
    """Whose use a decision is, as far as it is known."""
    line = decision.line
    if line is None:
        provider, api_id = (api.organization_id, api.id) if api else ("", "")
        return Use(provider, "", api_id, decision.route_id, "", 0, "", "", "")
    key = line.key
    return Use(
        provider_id=line.api.organization_id,
        consumer_id=key.organization_id,
        api_id=line.api.id,
        route_id=decision.route_id,
        key_id=key.id,
        secret_version=line.secret.version,
        application_id=line.application.id,
        environment=key.environment or "",
        subscription_id=(line.grant.subscription_id or "") if line.grant else "",
    )
