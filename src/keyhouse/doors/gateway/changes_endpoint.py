"""`GET /.keyhouse/v1/changes`: what a guard elsewhere has to forget, in order.

Answered from memory. While this gateway itself does not know whether it has
heard of everything, it says nothing: silence is what tells a guard that what
it remembers grows old.
"""

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from keyhouse.doors.gateway import refuse
from keyhouse.doors.gateway.managers import admit

if TYPE_CHECKING:
    from keyhouse.doors.gateway.exchange import Exchange
    from keyhouse.doors.gateway.needs import Manager

PATH: Final = "/.keyhouse/v1/changes"
WAIT_SECONDS_MAX: Final = 10.0
FORGET_MAX: Final = 1000
"""Of more parts than that, all is to be forgotten: it is the shorter answer."""
_SEQ_MAX: Final = 1 << 62
_SLACK_SECONDS: Final = 5.0


class ChangesCall:
    """One question what has changed."""

    def __init__(self, exchange: "Exchange") -> None:
        self._exchange = exchange
        self._plane = exchange.caller.gate.plane
        self._manager: Manager
        self._after: int | None = None
        self._seconds = 0.0

    def begin(self) -> None:
        """Read what is asked, and see who asks."""
        exchange = self._exchange
        query = exchange.query.decode("latin-1")
        fault = self._read(dict(parse_qsl(query, keep_blank_values=True)))
        if fault is not None:
            exchange.fail(refuse.bad_request(fault))
        else:
            admit(exchange, self._wait)

    def _read(self, given: dict[str, str]) -> str | None:
        """Take the parameters; what is wrong with them, if anything is."""
        if not given.keys() <= {"after", "wait"}:
            return "The parameters are after and wait."
        after, wait = given.get("after"), given.get("wait", "0")
        if after is not None:
            if not _is_number(after) or int(after) > _SEQ_MAX:
                return "after is the number of a change."
            self._after = int(after)
        if not _is_number(wait) or int(wait) > WAIT_SECONDS_MAX:
            return f"wait is a number of seconds, at most {WAIT_SECONDS_MAX:.0f}."
        self._seconds = float(wait)
        return None

    def _wait(self, manager: "Manager") -> None:
        caller = self._exchange.caller
        self._manager = manager
        if self._after is None:
            self._answer()
            return
        caller.wait_for_upstream()
        caller.deadline = caller.gate.watch.after(self._seconds + _SLACK_SECONDS)
        caller.gate.waiters.wait(manager.id, self._after, self._seconds, self._answer)

    def _answer(self) -> None:
        exchange, recent, after = self._exchange, self._plane.recent, self._after
        if exchange.over:
            return
        if not self._plane.ready():
            exchange.fail(refuse.UNAVAILABLE)
            return
        parts = None if after is None else recent.since(after)
        if parts is not None and len(parts) > FORGET_MAX:
            parts = None
        asker_id = self._manager.id
        body = {
            "head": recent.head,
            "log": recent.log,
            "forget_all": parts is None,
            "forget": [recent.token(asker_id, part) for part in parts or ()],
            "require_tls": exchange.gate.config.require_tls,
        }
        exchange.reply(refuse.Answer(200, "application/json", refuse.to_json(body)))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 19
