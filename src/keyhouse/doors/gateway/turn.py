"""What an exchange does besides its usual way: bodies, answers of our own, endings."""

from dataclasses import replace
from time import perf_counter_ns
from typing import TYPE_CHECKING, cast

from keyhouse.core.usage import Completed
from keyhouse.doors.gateway import endpoints, refuse
from keyhouse.doors.gateway.config import DISCARD_BYTES_MAX
from keyhouse.doors.gateway.head import CRLF, RequestHead
from keyhouse.doors.gateway.settling import refund_of

if TYPE_CHECKING:
    from keyhouse.core.decision import Decision
    from keyhouse.core.records import ApiRecord, Line
    from keyhouse.core.request import Request
    from keyhouse.core.usage import Use
    from keyhouse.doors.gateway.caller import Caller
    from keyhouse.doors.gateway.exchange import Exchange
    from keyhouse.doors.gateway.gate import Gate
    from keyhouse.doors.gateway.pool import Origin
    from keyhouse.doors.gateway.upstream import Upstream

_NOT_REPEATABLE = ("POST", "PATCH")
_NO_GOOD_KEY = 401


class Turn(RequestHead):
    """One request and its answer. `over` says that the answer is complete,

    or that nobody waits for it any more; until then `upstream` is the
    connection that works on it, if there is one. `collected` holds a body
    that we read ourselves. `exposed` says that it came over plain HTTP where
    that is not allowed, `known` that the caller's good key was seen to, `cors` is
    what the page that asks is told, `cost_told` what the upstream says of the call's
    cost.
    """

    __slots__ = (
        "_answering",
        "_api",
        "_asked",
        "_block",
        "_decision",
        "_origin",
        "_request_id",
        "_retried",
        "_status",
        "_use",
        "begun_ns",
        "body",
        "bytes_out",
        "caller",
        "collected",
        "cors",
        "cost_told",
        "exposed",
        "gate",
        "head",
        "http10",
        "is_head",
        "known",
        "method",
        "over",
        "path",
        "query",
        "rest",
        "seen",
        "upstream",
    )

    upstream: "Upstream | None"
    collected: list[bytes] | None
    cors: bytes | None
    cost_told: bytes | None
    begun_ns: int
    head: bytes
    method: str
    path: str
    query: bytes
    rest: bytes
    _block: bytes
    _api: "ApiRecord | None"
    _asked: "Request"
    _decision: "Decision | None"
    _origin: "Origin | None"
    _use: "Use"

    def __init__(self, caller: "Caller") -> None:
        self.caller = caller
        self.gate: Gate = caller.gate
        self.method = self.path = ""
        self._retried = False
        self.cost_told = None
        self.body: list[bytes] = []
        super().__init__()

    def forget(self) -> None:
        """Be as new, for the next request of the same connection."""
        RequestHead.forget(self)  # `super()` costs more than the call
        self.seen = self.caller.seen
        self._api = None
        self.is_head = False
        self.rest_from()

    def rest_from(self) -> None:
        """Forget the answer, and keep the head: the next one may be like it."""
        self.over = self._answering = self.complete = self.received = False
        self.known = False
        if self._retried:
            self._retried = False
        self.upstream = self._decision = self._origin = None
        self.bytes_out = self._status = 0
        self._request_id = ""
        if self.body:
            self.body = []

    def _forget_rare(self) -> None:
        super()._forget_rare()
        self.http10 = self.exposed = False
        self.collected = self.cors = None

    def on_body(self, piece: bytes) -> None:
        """A piece of the request's body."""
        self.bytes_in += len(piece)
        if self.over:
            return
        if self.collected is not None:
            self.collected.append(piece)
        elif self.chunked:
            self.body += (b"%x\r\n" % len(piece), piece, CRLF)
        else:
            self.body.append(piece)

    def on_message_complete(self) -> None:
        """The request has come wholly."""
        self.received = True
        if self.chunked and not self.over:
            self.body.append(b"0\r\n\r\n")

    def progress(self) -> None:
        """More of the body has come: pass it on, or have the rest wait."""
        if self.over:
            if self.received:
                self.caller.next()
        elif self.bytes_in > self.gate.config.body_bytes_max:
            self.fail(refuse.BODY_TOO_LARGE)
        elif self.collected is not None:
            endpoints.collected(cast("Exchange", self))
        elif self.upstream is not None:
            if self.body:
                self.upstream.send(self.body)
                self.body.clear()
        elif not self.received:
            self.caller.hold_for_upstream()

    def sent(self) -> bytes:
        """The request as far as it has come, for the upstream that takes it."""
        if not self.body:
            return self.head
        begun = b"".join((self.head, *self.body))
        self.body.clear()
        return begun

    def request_id(self) -> str:
        """The id of this request, made when it is first needed."""
        if not self._request_id:
            plane = self.gate.plane
            self._request_id = plane.new_request_id(plane.now_us())
        return self._request_id

    def count(
        self,
        decision: "Decision",
        api: "ApiRecord | None",
        *,
        door: str,
        method: str,
        path: str,
        address: int,
    ) -> bool:
        """Write a decision down; False if that can't be done, and then it is off."""
        plane = self.gate.plane
        request_id = self._request_id = plane.new_request_id(decision.at_us)
        use = plane.meter.served(request_id, decision, api, method, path, address)
        if use is None:
            plane.verifier.release(decision)
            return False
        plane.meter.beside(door, decision)
        self._decision, self._use = decision, use
        return True

    def reply(self, answer: refuse.Answer) -> None:
        """Answer ourselves. A body that is still to come is read and dropped

        if it is a short one, otherwise the connection ends.
        """
        self.over = True
        if self.gate.draining or not (self.received or self._is_short()):
            self.keep = False
        connection = b"" if self.keep else b"Connection: close\r\n"
        if self.http10 and self.keep:
            connection = b"Connection: keep-alive\r\n"
        if self.cors:
            answer = answer._replace(headers=answer.headers + self.cors)
        self.bytes_out = len(answer.body)
        self.caller.transport.write(
            refuse.to_bytes(
                answer, self.request_id(), connection=connection, is_head=self.is_head
            )
        )
        if not self.known:
            self._keep_place()
        self.complete_count(answer.status, answered=False)
        if self.received:
            self.caller.next()
        elif not self.keep:
            self.caller.linger()

    def know(self) -> None:
        """A good key came: the caller keeps its place where all are taken."""
        self.known = True
        self.gate.newcomers.leave(self.caller)

    def _keep_place(self) -> None:
        """Who is answered keeps the place for a good key alone, whatever it may do."""
        decision = self._decision
        if (
            decision is not None
            and decision.line is not None
            and decision.verdict.status != _NO_GOOD_KEY
        ):
            self.know()
        elif not self.caller.trusted:
            self._block = b""  # the next head is looked at, however like it is
            self.gate.newcomers.add(self.caller)

    def fail(self, problem: refuse.Problem) -> None:
        """Answer with a problem; where an answer has begun, break it off,

        so that nobody takes a part for the whole.
        """
        if self.over:
            return
        self._leave_upstream()
        if self._answering:
            self.over = True
            self.complete_count(self._status)
            self.caller.reset()
        else:
            self.reply(refuse.of_problem(problem, self.request_id()))

    @property
    def answering(self) -> bool:
        """Whether the upstream's answer has begun to pass."""
        return self._answering

    @property
    def line(self) -> "Line | None":
        """The way that this was let through by, while an upstream is at work on it.

        None for a tunnel: that looks after itself.
        """
        decision = self._decision
        if decision is None or self.over or self._api is None or self._status == 101:
            return None
        return decision.line

    def question(self) -> "Request | None":
        """What was asked before this was let through; None once it is over."""
        return None if self.line is None else replace(self._asked)

    def end(self, decision: "Decision") -> None:
        """What was let through may go on no more, and `decision` says why."""
        if self.over:
            return
        if self._answering:
            self.fail(refuse.UNAVAILABLE)  # nobody reads it: the answer is broken off
        else:
            self._leave_upstream()
            self.reply(refuse.of_verdict(decision, self.request_id()))

    def late(self) -> None:
        """Neither a decision nor a connection came in time."""
        decided = self._origin is not None
        self.fail(refuse.UPSTREAM_TIMEOUT if decided else refuse.UNAVAILABLE)

    def retry(self) -> bool:
        """Try again on another connection, if that can do no harm: a kept one

        may have been closed by the upstream while the request was on its way.
        """
        with_body = self.chunked or bool(self.length)
        if self._retried or with_body or self.method in _NOT_REPEATABLE:
            return False
        if self.over or self._answering or self._origin is None:
            return False
        self._retried = True
        self.upstream = None
        self.caller.wait_for_upstream()
        self._origin.want(cast("Exchange", self))
        return True

    def interim(self, status: int, lines: bytes) -> None:
        """Pass an interim response on to a caller who can make use of it."""
        self._retried = True
        if not self.http10 and (status != 100 or self.expect):
            self.caller.transport.write(lines)

    def frame_unknown_length(self, out: list[bytes]) -> bool:
        """The upstream tells no length: whether the body is to be chunked.

        To HTTP/1.0 it ends with the connection.
        """
        if self.http10:
            self.keep = False
            return False
        out.append(b"Transfer-Encoding: chunked\r\n")
        return True

    def upstream_full(self) -> None:
        """The upstream does not keep up."""
        if not self.received:
            self.caller.hold_for_upstream()

    def abandon(self) -> None:
        """The caller has gone."""
        if not self.over:
            self.over = True
            self._leave_upstream()
            self.complete_count(self._status)
        self.let_go()

    def complete_count(self, status: int, *, answered: bool = True) -> None:
        """Tell how the counted decision ended, once, and what it came to.

        `answered` says that the upstream did, and not we for it. What was decided
        at an address of our own has no upstream.
        """
        decision, told = self._decision, self.cost_told
        self._decision = self.cost_told = None
        if decision is None:
            return
        plane, request_id, use = self.gate.plane, self._request_id, self._use
        latency_us = (perf_counter_ns() - self.begun_ns) // 1000
        came, went = self.bytes_in, self.bytes_out
        own = self._api is None
        refund = 0 if own else refund_of(decision, told, answered=answered)
        if not refund:
            plane.meter.completed(request_id, decision, use, status, latency_us, came, went)
            return
        at_us, verdict = decision.at_us, decision.verdict.number
        ended = Completed(request_id, at_us, use, verdict, status, latency_us, came, went)
        if plane.meter.settled(ended, decision, refund):
            plane.verifier.refund(decision, refund)

    def _leave_upstream(self) -> None:
        upstream, self.upstream = self.upstream, None
        if upstream is not None:
            upstream.abandon()

    def _is_short(self) -> bool:
        return (
            self.length is not None and self.length <= DISCARD_BYTES_MAX and not self.expect
        )
