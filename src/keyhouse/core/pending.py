"""What may stand between asking and an answer."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Pending(Generic[T]):
    """An answer, mostly a decision, that still needs something from outside the process.

    `work` may block, so it runs off the event loop; those with equal `need`
    may share one run of it. What it returns goes into `resume`, on the
    thread that made the request; so does the exception that it raised.

    Where there is `begin`, nothing blocks, and it takes the place of `work`:
    it is called once, on the event loop, with what takes the result later.

    With `seconds_max` nobody waits longer, but once as long again where the process
    was stopped meanwhile: then StoreUnavailable goes into `resume`, and at once for all
    who come while `work` has not ended. What that returns then goes into `late`.

    Where there is `together`, those that have it in common run as one while others
    of them are under way: it takes the `part` of each, may block, and gives a result
    for each. `work` is what one of them does alone.
    """

    need: Hashable
    work: Callable[[], object]
    resume: "Callable[[object], T | Pending[T]]"
    begin: Callable[[Callable[[object], None]], None] | None = None
    seconds_max: float | None = None
    late: Callable[[object], None] | None = None
    together: Callable[[Sequence[Any]], Sequence[object]] | None = None
    part: object = None
