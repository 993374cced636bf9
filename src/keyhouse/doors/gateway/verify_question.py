"""One request that somebody wants to have verified, on its way to a decision."""

from typing import TYPE_CHECKING, Final

from keyhouse.core.decision import Decision
from keyhouse.core.records import ApiRecord
from keyhouse.core.secret import without_secret
from keyhouse.core.transport import transport_refusal
from keyhouse.core.verdict import Verdict
from keyhouse.doors.gateway import closer_look
from keyhouse.doors.gateway.managers import SCOPE
from keyhouse.doors.gateway.verify_body import Asked, Faulty

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyhouse.core.usage import Use
    from keyhouse.doors.gateway.exchange import Exchange
    from keyhouse.doors.gateway.needs import Manager

DOOR: Final = "verify"


class Question:
    """`outcome` is there once `then` is called: None where nothing can be found out."""

    __slots__ = (
        "_manager",
        "_plane",
        "_refusal",
        "_require_tls",
        "_reserves",
        "_source",
        "_then",
        "_wait",
        "api",
        "outcome",
        "request",
    )

    def __init__(
        self,
        asked: Asked,
        manager: "Manager",
        exchange: "Exchange",
        then: "Callable[[Question], None]",
    ) -> None:
        self.request, self._refusal, self._reserves = asked
        self.api: ApiRecord | None = None
        self.outcome: Decision | Faulty | None = None
        self._manager = manager
        self._plane = exchange.caller.gate.plane
        self._wait = exchange.caller.wait
        self._source = exchange.seen.address
        self._require_tls = exchange.gate.config.require_tls
        self._then = then

    def ask(self) -> None:
        """Find the API, then decide."""
        verifier, slug = self._plane.verifier, self.request.api
        known = verifier.known_api(slug)
        if known is not None:
            self._found(known)
        else:
            self._wait(verifier.api(slug, self._source), self._found)

    def _found(self, api: ApiRecord | Verdict | Exception | None) -> None:
        if isinstance(api, ApiRecord) and self._may_ask(api):
            self.api = api
            self._decide()
            return
        if api is None or isinstance(api, ApiRecord):
            # The same words for one that is not there as for somebody else's.
            reason = "names no API that this key may verify for"
            mend = "send the slug of one for which the key has keys:verify"
            self.outcome = Faulty("api", reason, mend, 404)
        self._then(self)

    def _decide(self) -> None:
        plane, request, refusal = self._plane, self.request, self._refusal
        if self._require_tls and not request.tls:
            refusal = transport_refusal(tls=request.tls, require_tls=self._require_tls)
            exposed = plane.verifier.exposed(request)
            plane.resolver.resolve(exposed, closer_look.by_and_by)
        if refusal is not None:
            self._decided(Decision(refusal, plane.now_us()))
            return
        outcome = plane.verifier.verify(request)
        if isinstance(outcome, Decision):
            self._decided(outcome)
        else:
            self._wait(outcome, self._decided)

    def _may_ask(self, api: ApiRecord) -> bool:
        return self._manager.may(SCOPE, project_id=api.project_id, api_id=api.id)

    def _decided(self, outcome: Decision | Exception) -> None:
        if not isinstance(outcome, Decision):
            outcome = Decision(Verdict.UNAVAILABLE, self._plane.now_us())
        self.outcome = outcome
        self._then(self)

    @property
    def path(self) -> str:
        """The path as it may be written down."""
        request = self.request
        path = without_secret(f"/{request.api}{request.path or ''}", request.secret)
        return without_secret(path, request.token)

    def count(self, request_id: str, decision: Decision) -> "Use | None":
        """Write the decision down; None, and it is off, where that can't be done."""
        request = self.request
        use = self._plane.meter.served(
            request_id,
            decision,
            self.api,
            request.method or "",
            self.path,
            request.address,
        )
        if use is None:
            self.release()
        else:
            self._plane.meter.beside(DOOR, decision)
        return use

    def reservation(self, request_id: str, decision: Decision) -> str | None:
        """The id of what it reserved, where it is to be told what the call came to."""
        api = self.api
        told = api is not None and decision.route_id in api.upstream_costs
        if not self._reserves and (not told or self.request.cost is not None):
            return None
        return self._plane.reservations.id_of(request_id, decision)

    def release(self) -> None:
        """Give back what the decision reserved; nobody waits for it any more."""
        if isinstance(self.outcome, Decision):
            self._plane.verifier.release(self.outcome)
