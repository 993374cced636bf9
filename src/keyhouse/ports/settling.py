"""What reserved calls came to, told afterwards."""

from typing import Protocol

from keyhouse.core.reservations import Reservation


class SettlementLedger(Protocol):
    """Settles reservations, each once, whichever node asks. Blocks."""

    def settle(self, reservation: Reservation, units: int, now_us: int) -> int:
        """Have a call come to `units`, at most what it reserved.

        What is not spent of that is taken off what counts as used, of its
        budgets in the windows in which it was reserved, and off its usage, in
        one transaction. It does not matter whether the node that reserved has
        booked it yet. Gives what the call came to: something else than `units`
        where it was settled before, and then nothing is changed.
        """
