"""What each caller asked lately, by the identity that Keyhouse tells."""

from collections import OrderedDict, deque
from typing import Any, Final, NamedTuple

CALLERS_MAX: Final = 1000
CALLS_MAX: Final = 50


class Caller(NamedTuple):
    """An application, and the user inside it whose token came; '' for its key alone."""

    application: str
    user: str = ""


class History:
    """The last CALLS_MAX calls of the CALLERS_MAX callers seen last, in memory."""

    def __init__(self) -> None:
        self._calls: OrderedDict[Caller, deque[dict[str, Any]]] = OrderedDict()

    def add(self, caller: Caller, call: dict[str, Any]) -> None:
        """Remember a call; the oldest is forgotten for it where there is no room."""
        calls = self._calls.setdefault(caller, deque(maxlen=CALLS_MAX))
        calls.append(call)
        self._calls.move_to_end(caller)
        if len(self._calls) > CALLERS_MAX:
            self._calls.popitem(last=False)

    def of(self, caller: Caller) -> list[dict[str, Any]]:
        """The caller's own calls, the latest first."""
        return list(reversed(self._calls.get(caller, ())))
