"""Reservations that are settled by a call, from whichever node."""

from keyhouse.services.reserve.reservations import Reservations, Settled, Unsettled

__all__ = ["Reservations", "Settled", "Unsettled"]
