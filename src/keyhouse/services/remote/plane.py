"""What a guard stands on where Keyhouse is elsewhere."""

import asyncio
import json
import logging
import re
from dataclasses import replace

from keyhouse.core.decision import Decision
from keyhouse.core.records import ApiRecord
from keyhouse.core.request import Request
from keyhouse.core.secret import is_well_formed
from keyhouse.core.transport import transport_refusal
from keyhouse.core.user_tokens import looks_like_token
from keyhouse.core.verdict import Verdict
from keyhouse.ports import (
    Clock,
    Entropy,
    RemoteKeyhouse,
    RemoteRefused,
    StoreUnavailable,
)
from keyhouse.services.meter.request_ids import ENTROPY_BYTES, RequestIds
from keyhouse.services.remote.apis import KnownApis
from keyhouse.services.remote.batches import VERIFY_SECONDS_MAX, Batches
from keyhouse.services.remote.breaker import Breaker
from keyhouse.services.remote.entries import entry_of, report_of
from keyhouse.services.remote.following import Following
from keyhouse.services.remote.reading import Reader, Told, Unreadable
from keyhouse.services.remote.refusals import Refusals
from keyhouse.services.remote.telling import Telling
from keyhouse.services.reserve import Settled, Unsettled

RESERVATIONS = "/.keyhouse/v1/reservations/"
_KEY_BYTES = 32
_RESERVATION = re.compile(r"rsv_[\w-]+", re.ASCII)
_log = logging.getLogger(__name__)


class RemotePlane:
    """Every request that passes was verified and counted elsewhere, on its own.

    Refusals that only a change can end are remembered while the change log is
    followed. Where nobody answers in time, the verdict is `unavailable`.
    Opened and used on one event loop.
    """

    def __init__(self, remote: RemoteKeyhouse, clock: Clock, entropy: Entropy) -> None:
        self._remote = remote
        self._clock = clock
        self._new_request_id = RequestIds(entropy.take(ENTROPY_BYTES)).make
        self._refusals = Refusals(entropy.take(_KEY_BYTES))
        self._reader = Reader()
        self._breaker = Breaker()
        self._telling = Telling(_log, clock)
        self._following = Following(remote, clock, self._forget, self._alive)
        self._apis = KnownApis(remote, self._following, self._breaker, clock)
        self._batches: Batches

    async def open(self) -> None:
        """Begin to follow. Raises RemoteRefused where the key or the address is wrong.

        Where nobody answers yet, it opens all the same.
        """
        self._batches = Batches(self._remote, self._breaker, self._clock)
        await self._following.start()

    async def close(self) -> None:
        """Let go of everything; what is to be counted still goes out."""
        await self._following.stop()
        await self._apis.close()
        await self._batches.close()
        await self._remote.close()

    async def api(self, slug: str) -> ApiRecord | Verdict | None:
        """The API with that slug; the verdict is `unavailable`."""
        return await self._apis.get(slug)

    async def admit(
        self,
        request: Request,
        refusal: Verdict | None,
        path: str,  # noqa: ARG002 - what is asked leaves the secret out of it
    ) -> tuple[str, Decision]:
        """The request's id and the decision on it, which is counted already."""
        known = self._known(request, refusal)
        if known is None:
            told = await self._ask(request)
            return told.request_id, told.decision
        return await self._refuse(request, known)

    async def reserve(
        self,
        request: Request,
        refusal: Verdict | None,
        path: str,  # noqa: ARG002 - what is asked leaves the secret out of it
    ) -> tuple[Decision, str | None]:
        """The decision on a request whose cost is reserved, and the reservation's id."""
        known = self._known(request, refusal)
        if known is None:
            told = await self._ask(request, reserves=True)
            return told.decision, told.reservation
        return (await self._refuse(request, known))[1], None

    async def settle(self, id: str, units: int | None) -> Settled | Unsettled:
        """Have what was reserved come to `units`, None for all of it.

        Raises RemoteRefused where the key may not do that.
        """
        if not _RESERVATION.fullmatch(id):
            return Unsettled.NOT_FOUND
        body = json.dumps({"units": units}).encode("ascii")
        try:
            path = f"{RESERVATIONS}{id}/commit"
            told = await self._remote.post(path, body, VERIFY_SECONDS_MAX)
            units, reserved = int(told["units"]), int(told["reserved"])
            return Settled(units, reserved, told["exceeded"] is True)
        except RemoteRefused as error:
            if error.code in tuple(Unsettled):
                return Unsettled(error.code)
            raise
        except (StoreUnavailable, KeyError, TypeError, ValueError) as error:
            self._telling.warn("a reservation cannot be settled: %s", error)
            return Unsettled.UNAVAILABLE

    async def _refuse(self, request: Request, known: Decision) -> tuple[str, Decision]:
        # Whoever asks in a loop must not keep this one from hearing of changes.
        await asyncio.sleep(0)
        if known.verdict is not Verdict.UNAVAILABLE:
            self._batches.report(report_of(request, known.verdict))
        return self._new_request_id(known.at_us), known

    def completed(
        self, request_id: str, decision: Decision, *, status: int, latency_us: int
    ) -> None:
        """Nothing: how the call of verify ended was noted where it ended."""

    def _known(self, request: Request, refusal: Verdict | None) -> Decision | None:
        """The refusal of a request that need not be asked about."""
        now_us = self._clock.now_us()
        required = self._following.require_tls
        refusal = transport_refusal(tls=request.tls, require_tls=required) or refusal
        if refusal is not None:
            return Decision(refusal, now_us)
        if request.secret is None:
            return Decision(Verdict.MISSING, now_us)
        ours = is_well_formed(request.secret) or looks_like_token(request.secret)
        if not ours and not self._apis.takes(request.api, request.secret):
            return Decision(Verdict.MALFORMED, now_us)
        if not self._following.is_fresh():
            return None
        kept = self._refusals.find(request, self._clock.monotonic_us())
        return None if kept is None else replace(kept, at_us=now_us)

    async def _ask(self, request: Request, *, reserves: bool = False) -> Told:
        answer = await self._batches.ask(entry_of(request, reserves=reserves))
        now_us = self._clock.now_us()
        if answer is not None:
            try:
                told = self._reader.read(answer.result, request.api, now_us)
            except Unreadable as error:
                self._telling.warn("Keyhouse gave no verdict: %s", error)
            else:
                self._remember(request, told, answer.seq, answer.log)
                return told
        unavailable = Decision(Verdict.UNAVAILABLE, now_us)
        return Told(self._new_request_id(now_us), unavailable, ())

    def _remember(self, request: Request, told: Told, seq: int, log: str) -> None:
        if not told.decision.allowed and self._following.covers(seq, log):
            now_us = self._clock.monotonic_us()
            self._refusals.keep(request, told.decision, told.tokens, now_us)

    def _forget(self, tokens: list[str] | None) -> None:
        if tokens is None:
            self._refusals.clear()
        else:
            self._refusals.forget(tokens)
        self._apis.forget(tokens)

    def _alive(self) -> None:
        self._breaker.try_soon(self._clock.monotonic_us())
