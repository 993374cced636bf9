"""The way of one request: found, decided, counted, sent on, answered.

This is the hot path. With a cached key it runs from the caller's last byte to
the upstream's first without a task, a future or a header made a `str`; what
was joined is written once. What is rare stands in `closer_look`.
"""

from time import perf_counter_ns
from typing import TYPE_CHECKING, Final

from keyhouse.core.credentials import choose
from keyhouse.core.decision import Decision
from keyhouse.core.paths import plain_path
from keyhouse.core.records import ApiRecord
from keyhouse.core.request import Request
from keyhouse.core.verdict import Verdict
from keyhouse.doors.gateway import closer_look, endpoints, refuse
from keyhouse.doors.gateway.config import DISCARD_BYTES_MAX, TARGET_BYTES_MAX
from keyhouse.doors.gateway.faces import Face, told
from keyhouse.doors.gateway.head import CRLF, KEY_HEADER, RequestHead

if TYPE_CHECKING:
    from keyhouse.doors.gateway.caller import Caller
    from keyhouse.doors.gateway.pool import Origin
    from keyhouse.doors.gateway.upstream import Upstream

METHODS: Final[dict[bytes, str]] = {
    name.encode("ascii"): name
    for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
}
OWN_SLUG: Final = ".keyhouse"
_NOT_REPEATABLE: Final = ("POST", "PATCH")
_VALID: Final = Verdict.VALID
_SLASH: Final = 0x2F


class Exchange(RequestHead):
    """One request and its answer. `over` says that the answer is complete,

    or that nobody waits for it any more; until then `upstream` is the
    connection that works on it, if there is one.
    """

    __slots__ = (
        "_answering",
        "_api",
        "_body",
        "_decision",
        "_face",
        "_origin",
        "_request_id",
        "_retried",
        "_sent",
        "_status",
        "begun_ns",
        "bytes_out",
        "caller",
        "collected",
        "http10",
        "is_head",
        "method",
        "over",
        "path",
        "query",
        "rest",
        "secret",
        "seen",
        "started",
        "upstream",
    )

    def __init__(self, caller: "Caller") -> None:
        super().__init__()
        self.caller = caller
        self.seen = caller.seen
        self.method = ""
        self.path = ""
        self.secret: bytes | None = None
        self.started = self.over = self.http10 = self.is_head = False
        self.upstream: Upstream | None = None
        self.collected: list[bytes] | None = None
        self.bytes_out = 0
        self._body: list[bytes] = []
        self._api: ApiRecord | None = None
        self._decision: Decision | None = None
        self._face: Face | None = None
        self._origin: Origin | None = None
        self._request_id = ""
        self._sent = b""
        self._status = 0
        self._answering = self._retried = False

    # -- the request --------------------------------------------------------------

    def start(self) -> None:
        """The head is complete: find the API that is meant."""
        self.started = True
        self.begun_ns = perf_counter_ns()
        gate = self.caller.gate
        parser = self.parser
        assert parser is not None  # noqa: S101 - for the type checker: taken at the end only
        if self.odd or not self.keep or self.host is None or self.caller.trusted:
            fault = closer_look.examine(self, parser)
            if fault is not None:
                self.fail(fault)
                return
        target = self.target
        method = METHODS.get(parser.get_method())
        if method is None or target[0] != _SLASH or len(target) > TARGET_BYTES_MAX:
            self.fail(closer_look.wrong_line(method, target))
            return
        if self.length is not None and self.length > gate.config.body_bytes_max:
            self.fail(refuse.BODY_TOO_LARGE)
            return
        self.method = method
        self.is_head = method == "HEAD"
        path, _, self.query = target.partition(b"?")
        self.path = text = path.decode("latin-1")
        if plain_path(text) is None or b"#" in target:
            self.fail(refuse.AMBIGUOUS_PATH)
            return
        end = text.find("/", 1)
        if end < 0:
            end = len(path)
            self.rest = b"/" + target[end:]
        else:
            self.rest = target[end:]
        slug = text[1:end]
        if slug == OWN_SLUG:
            endpoints.begin(self)
            return
        found = gate.plane.verifier.api(slug)
        if found.__class__ is ApiRecord:
            self._route(found)
        else:
            self.caller.wait(found, self._route)

    def _route(self, api: object) -> None:
        """The API is known: take the credential and ask for the decision."""
        if self.over:
            return
        if not isinstance(api, ApiRecord):
            self._no_api(api)
            return
        self._api = api
        key, parameter = self.key, None
        if (
            api.key_header != KEY_HEADER
            or api.query_parameter is not None
            or self.other_key is not None
        ):
            key, parameter = closer_look.credentials(self, api)
        chosen = choose(key, self.authorization, parameter)
        if chosen.own_authorization:
            self.authorization = None
        verifier = self.caller.gate.plane.verifier
        secret = self.secret = chosen.secret
        if secret is None:
            now_us = self.caller.gate.plane.now_us()
            self._decided(Decision(chosen.refusal or Verdict.MISSING, now_us))
            return
        if secret in self.rest:
            self.fail(refuse.KEY_IN_PATH)
            return
        seen = self.seen
        outcome = verifier.verify(
            Request(
                secret,
                api.slug,
                seen.address,
                self.method,
                self.path[len(api.slug) + 1 :] or "/",
                self.referrer,
                self.origin,
                "",
                seen.tls,
            )
        )
        if outcome.__class__ is Decision:
            self._decided(outcome)
        else:
            self.caller.wait(outcome, self._decided)

    def _no_api(self, found: object) -> None:
        if found is None:
            self.fail(refuse.API_NOT_FOUND)
        else:
            self._decided(found)

    def _decided(self, outcome: object) -> None:
        """Write the decision down, and act on it."""
        plane = self.caller.gate.plane
        if isinstance(outcome, Decision):
            decision = outcome
        else:
            decision = Decision(Verdict.UNAVAILABLE, plane.now_us())
        if self.over:
            plane.verifier.release(decision)
            return
        if not self.count(
            decision,
            self._api,
            method=self.method,
            path=self.path,
            address=self.seen.address,
        ):
            unavailable = Decision(Verdict.UNAVAILABLE, decision.at_us)
            self.reply(refuse.of_verdict(unavailable, self._request_id))
        elif decision.verdict is _VALID:
            self._forward(decision)
        else:
            self.reply(refuse.of_verdict(decision, self._request_id))

    def count(
        self,
        decision: Decision,
        api: ApiRecord | None,
        *,
        method: str,
        path: str,
        address: int,
    ) -> bool:
        """Write a decision down; False if that can't be done, and then it is off."""
        plane = self.caller.gate.plane
        request_id = self._request_id = plane.new_request_id()
        counted = plane.meter.served(
            request_id, decision, api=api, method=method, path=path, address=address
        )
        if counted:
            self._decision, self._api = decision, api
        else:
            plane.verifier.release(decision)
        return counted

    def _forward(self, decision: Decision) -> None:
        """Write the request as the upstream gets it, and send it."""
        line, secret = decision.line, self.secret
        assert line is not None  # noqa: S101 - for the type checker: it is valid
        assert secret is not None  # noqa: S101 - likewise
        face = self._face = self.caller.gate.faces.of(line)
        target = face.target
        if target is None:
            self.fail(refuse.UPSTREAM_MISSING)
            return
        lines = self.lines
        lines[0] = b"%b %b%b HTTP/1.1\r\nHost: %b\r\n" % (
            self.method.encode("ascii"),
            target.prefix,
            self.rest,
            target.host,
        )
        if self.authorization is not None:
            lines += (b"Authorization: ", self.authorization, CRLF)
        request_id = self._request_id.encode("ascii")
        host = self.forwarded_host if self.caller.trusted else self.host
        ours = (
            face.identity,
            request_id,
            CRLF,
            self.seen.forwarded,
            host or self.host or b"",
            closer_look.body_lines(self) if self.length is not None or self.odd else CRLF,
            CRLF,
        )
        sent = b"".join((*lines, *ours))
        if secret in sent:
            sent = b"".join((*closer_look.without_secret(lines, secret), *ours))
        self._sent = sent
        origin = self._origin = target.origin
        if origin.idle:
            origin.idle.pop().begin(self)
        else:
            self.caller.wait_for_upstream()
            origin.want(self)

    # -- the body -----------------------------------------------------------------

    def on_body(self, piece: bytes) -> None:
        """A piece of the request's body."""
        self.bytes_in += len(piece)
        if self.over:
            return
        if self.collected is not None:
            self.collected.append(piece)
        elif self.chunked:
            self._body += (b"%x\r\n" % len(piece), piece, CRLF)
        else:
            self._body.append(piece)

    def on_message_complete(self) -> None:
        """The request has come wholly."""
        self.received = True
        if self.chunked and not self.over:
            self._body.append(b"0\r\n\r\n")

    def progress(self) -> None:
        """More of the body has come: pass it on, or have the rest wait."""
        if self.over:
            if self.received:
                self.caller.next()
        elif self.bytes_in > self.caller.gate.config.body_bytes_max:
            self.fail(refuse.BODY_TOO_LARGE)
        elif self.collected is not None:
            endpoints.collected(self)
        elif self.upstream is not None:
            if self._body:
                self.upstream.send(self._body)
                self._body.clear()
        elif not self.received:
            self.caller.hold_for_upstream()

    def sent(self) -> bytes:
        """The request as far as it has come, for the upstream that takes it."""
        if not self._body:
            return self._sent
        begun = b"".join((self._sent, *self._body))
        self._body.clear()
        return begun

    def upstream_full(self) -> None:
        """The upstream does not keep up."""
        if not self.received:
            self.caller.hold_for_upstream()

    # -- the answer ---------------------------------------------------------------

    def tell(self, status: int, out: list[bytes]) -> None:
        """The upstream's answer begins: add what is ours to its headers."""
        self._status = status
        self._answering = True
        decision, face = self._decision, self._face
        if decision is not None and face is not None:
            out.append(told(face, decision, self._request_id.encode("ascii")))
        if not self.received or self.caller.gate.draining:
            self.keep = False
        if not self.keep:
            out.append(b"Connection: close\r\n")
        elif self.http10:
            out.append(b"Connection: keep-alive\r\n")

    def frame_unknown_length(self, out: list[bytes]) -> bool:
        """The upstream tells no length: whether the body is to be chunked.

        To HTTP/1.0 it ends with the connection.
        """
        if self.http10:
            self.keep = False
            return False
        out.append(b"Transfer-Encoding: chunked\r\n")
        return True

    def interim(self, status: int, lines: bytes) -> None:
        """Pass an interim response on to a caller who can make use of it."""
        self._retried = True
        if not self.http10 and (status != 100 or self.expect):
            self.caller.write(lines)

    def finish(self) -> None:
        """The answer has been written to its end."""
        self.over = True
        self.upstream = None
        self._complete(self._status)
        if self.received:
            self.caller.next()
        else:
            self.caller.linger()

    def reply(self, answer: refuse.Answer) -> None:
        """Answer ourselves. A body that is still to come is read and dropped

        if it is a short one, otherwise the connection ends.
        """
        self.over = True
        gate = self.caller.gate
        if gate.draining or not (self.received or self._is_short()):
            self.keep = False
        connection = b"" if self.keep else b"Connection: close\r\n"
        if self.http10 and self.keep:
            connection = b"Connection: keep-alive\r\n"
        self.bytes_out = len(answer.body)
        self.caller.write(
            refuse.to_bytes(
                answer, self.request_id(), connection=connection, is_head=self.is_head
            )
        )
        self._complete(answer.status)
        if self.received:
            self.caller.next()
        elif not self.keep:
            self.caller.linger()

    def fail(self, problem: refuse.Problem) -> None:
        """Answer with a problem; where an answer has begun, break it off,

        so that nobody takes a part for the whole.
        """
        if self.over:
            return
        self._leave_upstream()
        if self._answering:
            self.over = True
            self._complete(self._status)
            self.caller.reset()
        else:
            self.reply(refuse.of_problem(problem, self.request_id()))

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
        self._origin.want(self)
        return True

    def abandon(self) -> None:
        """The caller has gone."""
        if not self.over:
            self.over = True
            self._leave_upstream()
            self._complete(self._status)
        self.parser = None

    def request_id(self) -> str:
        """The id of this request, made when it is first needed."""
        if not self._request_id:
            self._request_id = self.caller.gate.plane.new_request_id()
        return self._request_id

    def _leave_upstream(self) -> None:
        upstream, self.upstream = self.upstream, None
        if upstream is not None:
            upstream.abandon()

    def _is_short(self) -> bool:
        return (
            self.length is not None and self.length <= DISCARD_BYTES_MAX and not self.expect
        )

    def _complete(self, status: int) -> None:
        decision = self._decision
        if decision is None:
            return
        self._decision = None
        self.caller.gate.plane.meter.completed(
            self._request_id,
            decision,
            api=self._api,
            status=status,
            latency_us=(perf_counter_ns() - self.begun_ns) // 1000,
            bytes_in=self.bytes_in,
            bytes_out=self.bytes_out,
        )
