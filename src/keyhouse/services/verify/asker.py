"""Who waits for what has to be read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from keyhouse.core.addresses import UNKNOWN, source_network
from keyhouse.core.pending import Pending
from keyhouse.core.verdict import Verdict
from keyhouse.services.verify.sources import Source

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Refuse(Protocol[T_co]):
    """Makes a refusal; `retry_us` is how long to wait, where that is known."""

    def __call__(self, verdict: Verdict, retry_us: int | None = None, /) -> T_co:
        """What the asker gets instead."""


@dataclass(frozen=True, slots=True)
class Asker(Generic[T]):
    """Who waits for a load: `again` asks anew once it is there, `refuse` ends it.

    `address` is that of the caller behind it. `gone`: the database is known to
    be gone, so that what is not in the cache cannot be had, and is not waited for.
    `caught_up` asks anew where the change log has just been read, or is away; whoever
    has waited for anything else asks `again` and looks there once more, as the process
    may have been stopped meanwhile.
    """

    again: Callable[[], T | Pending[T]]
    refuse: Refuse[T]
    attempt: int = 0
    address: int = UNKNOWN
    gone: bool = False
    caught_up: Callable[[], T | Pending[T]] | None = None

    def source(self, slug: str = "") -> Source:
        """Whose misses these are. Callers of whom no address is known share one

        source for each API: no provider's strangers slow another's.
        """
        return slug if self.address == UNKNOWN else source_network(self.address)
