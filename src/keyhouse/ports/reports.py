"""What was counted, read back."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from keyhouse.core.observations import Dimension
from keyhouse.core.quotas import Budget, Span
from keyhouse.ports.rotation import SecretUse
from keyhouse.ports.rows import Page
from keyhouse.ports.usage_wanted import UsageWanted


class UsageRow(NamedTuple):
    """One row of a usage report: sums over a step of time and one grouping."""

    start_us: int
    group: Mapping[str, str]
    verdict: str
    requests: int
    units: int
    errors: int
    bytes_in: int
    bytes_out: int
    latency: tuple[int, ...]


class Tally(NamedTuple):
    """Counts alone: requests and upstream's errors by step, grouping and verdict."""

    start_us: int
    group: Mapping[str, str]
    verdict: str
    requests: int
    errors: int


class Observed(NamedTuple):
    """A value of a dimension at one API, with one verdict: how often it was seen,

    and when first and last. `observations.OTHER` stands for all that found no
    place; a value that was driven out of its place for a while is told from
    its return on, and is in the other count before.
    """

    api_id: str
    verdict: str
    value: str
    requests: int
    first_us: int
    last_us: int


class UsageReports(Protocol):
    """What was counted, read back. An organization sees what it provides and

    what it consumes.
    """

    def usage(self, wanted: UsageWanted) -> list[UsageRow]:
        """Sums in order of time, of the coarsest rows that tell them.

        Raises ValueError for an unknown group or filter.
        """

    def usage_page(self, wanted: UsageWanted, *, after: str | None, limit: int) -> Page:
        """As `usage`, so many rows from behind cursor `after`.

        Raises ValueError for a cursor that is not one of a report so grouped, too.
        """

    def tallies(self, wanted: UsageWanted) -> list[Tally]:
        """As `usage`, but counts alone."""

    def observed(
        self,
        organization_id: str,
        dimension: Dimension,
        *,
        since_us: int,
        until_us: int,
        equals: Mapping[str, str | Sequence[str]],
        named_max: int | None = None,
    ) -> list[Observed]:
        """What was seen on the days, UTC, that the time touches; the most first.

        With `named_max` no more than that many rows have a value: the others of an
        API and verdict are one, of `observations.OTHER`.

        Filters are among key, api and verdict; as those of `UsageWanted`.
        """

    def requests(
        self,
        organization_id: str,
        *,
        after: str | None,
        limit: int,
        equals: Mapping[str, str | Sequence[str]],
    ) -> Page:
        """Lines of the request log as `usage.LogRow`, the newest first.

        Filters as those of `UsageWanted`, and `request` for the id of one.
        """

    def last_used(self, key_ids: Sequence[str]) -> Mapping[str, int]:
        """When each key was last seen with a valid secret of it, in µs."""

    def secrets_last_used(self, key_id: str) -> Mapping[int, int]:
        """When each of a key's secrets was last seen: version to µs."""

    def secret_use(
        self, key_id: str, versions: Sequence[int], now_us: int, lines_max: int
    ) -> Mapping[int, SecretUse]:
        """How each of these secrets of a key was used in the last hour and day,

        and at most so many lines of the log for each.
        """

    def spent(self, wanted: Sequence[tuple[Budget, Span]]) -> list[int]:
        """Units booked as used of each budget in its window, in their order."""
