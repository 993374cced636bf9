"""What keeps the database from growing for ever."""

from typing import Protocol

from keyhouse.core.grains import Grain


class Upkeep(Protocol):
    """What a worker does to the database so that it does not grow for ever."""

    def prune_requests(self, before_us: int, rows_max: int) -> int:
        """Delete old lines of the request log, a bounded number; returns how many."""

    def prune_usage(self, grain: Grain, before_us: int, rows_max: int) -> int:
        """Delete old usage of a grain, a bounded number of rows: what is in coarser

        ones already, and only as much as whole ones of these hold.
        """

    def prune_observations(self, before_us: int, rows_max: int) -> int:
        """Delete old observations, a bounded number."""

    def prune_alerts(self, before_us: int, rows_max: int) -> int:
        """Delete alerts that were last raised before, a bounded number."""

    def prune_networks(self, before_us: int, rows_max: int) -> int:
        """Delete networks that no call of their key came from since, a bounded number."""

    def prune_deliveries(self, before_us: int, rows_max: int) -> int:
        """Delete old deliveries of events, a bounded number."""

    def prune_events(self, before_us: int, rows_max: int) -> int:
        """Delete old events that no delivery needs any more, a bounded number."""

    def prune_settlements(self, before_us: int, rows_max: int) -> int:
        """Delete what reservations came to that were settled before, a bounded number."""

    def prune_revocations(self, before_us: int, rows_max: int) -> int:
        """Delete revocations of tokens that have all ended before, a bounded number."""

    def prune_idempotency(self, before_us: int, rows_max: int) -> int:
        """Delete remembered answers, a bounded number; returns how many."""

    def prune_changes(self, keep: int, rows_max: int) -> int:
        """Delete the oldest rows of the change log, a bounded number, so that the

        newest `keep` stay. The rows of one number stay or go together, however many.
        Returns how many.
        """

    def prune_budgets(self, before_us: int, rows_max: int) -> int:
        """Delete budgets whose window ended before, with their leases, a bounded

        number; and closed spools that have no lease left. Returns how many budgets.
        """

    def prune_nodes(self, before_us: int) -> int:
        """Delete nodes that were last heard of before."""

    def prune_logins(self, before_us: int) -> int:
        """Delete sessions and mailed links that ended before, and guesses that

        were counted before.
        """
