"""Reserving, and telling afterwards what a call came to."""

import logging
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from keyhouse.core.decision import Decision
from keyhouse.core.keyring import Keyring
from keyhouse.core.pending import Pending
from keyhouse.core.reservations import Reservation, sealed, unsealed
from keyhouse.ports import SettlementLedger
from keyhouse.services.meter.meter import use_of

_log = logging.getLogger(__name__)


class Unsettled(StrEnum):
    """Why a reservation was not settled."""

    NOT_FOUND = "reservation_not_found"
    EXPIRED = "reservation_expired"
    ENDED = "reservation_ended"
    UNAVAILABLE = "unavailable"


class Settled(NamedTuple):
    """What a call came to of what it had `reserved`.

    `exceeded` says that more was told: all of the reservation is spent then.
    """

    units: int
    reserved: int
    exceeded: bool


class Reservations:
    """The reservations of an installation, as any of its nodes sees them."""

    def __init__(
        self, ledger: SettlementLedger, keyring: Keyring, now_us: Callable[[], int]
    ) -> None:
        self._ledger = ledger
        self._key = keyring.active.key
        self._keys = tuple(pepper.key for pepper in keyring.peppers)
        self._now_us = now_us

    def id_of(self, request_id: str, decision: Decision) -> str | None:
        """The id of what a counted decision reserved; None for a refusal."""
        line = decision.line
        if line is None or not decision.allowed:
            return None
        made = Reservation(
            request_id,
            decision.at_us,
            line.api.project_id,
            decision.units,
            decision.lease_ids,
            use_of(decision, line.api),
        )
        return sealed(made, self._key)

    def find(self, id: str) -> Reservation | None:
        """What an id stands for; None for one that is not ours."""
        return unsealed(id, self._keys)

    def settle(
        self, reservation: Reservation, units: int | None
    ) -> Unsettled | Pending[Settled | Unsettled]:
        """Have a call come to `units`, None for all that it reserved.

        Once more with the same units it gives the same.
        """
        now_us, reserved = self._now_us(), reservation.units
        if now_us >= reservation.ends_us:
            return Unsettled.EXPIRED
        told = reserved if units is None else units
        spent = min(told, reserved)

        def work() -> int:
            return self._ledger.settle(reservation, spent, now_us)

        def resume(result: object) -> Settled | Unsettled:
            if not isinstance(result, int):
                _log.warning("a reservation cannot be settled: %s", result)
                return Unsettled.UNAVAILABLE
            if result != spent:
                return Unsettled.ENDED
            return Settled(spent, reserved, told > reserved)

        # Of two that tell different units at once, one must not hear of the other's.
        return Pending(("settle", reservation.request_id, spent), work, resume)
