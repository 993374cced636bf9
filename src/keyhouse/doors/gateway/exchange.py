"""The way of one request: found, decided, counted, sent on, answered.

This is the hot path. With a cached key it runs from the caller's last byte to
the upstream's first without a task, a future or a header made a `str`; what
was joined is written once. What is rare stands in `turn` and `closer_look`.
"""

from time import perf_counter_ns
from typing import TYPE_CHECKING, Final

from keyhouse.core.credentials import choose
from keyhouse.core.decision import Decision
from keyhouse.core.records import ApiRecord
from keyhouse.core.request import Request
from keyhouse.core.secret import SECRET_LENGTH_MAX, without_secret
from keyhouse.core.verdict import Verdict
from keyhouse.doors.gateway import by_host, closer_look, cross_origin, endpoints, refuse
from keyhouse.doors.gateway.config import TARGET_BYTES_MAX
from keyhouse.doors.gateway.faces import Face
from keyhouse.doors.gateway.head import CRLF, END, KEY_HEADER
from keyhouse.doors.gateway.likeness import Block
from keyhouse.doors.gateway.pool import Target
from keyhouse.doors.gateway.targets import (
    LINES,
    METHODS,
    OWN_SLUG,
    PLACES,
    Place,
    place_of,
    read_line,
)
from keyhouse.doors.gateway.tunnel import Tunnel
from keyhouse.doors.gateway.turn import Turn
from keyhouse.doors.gateway.vouching import is_over

if TYPE_CHECKING:
    from keyhouse.doors.gateway.upstream import Upstream

_VALID: Final = Verdict.VALID
_SLASH: Final = 0x2F
_COMMA: Final = 0x2C
_BLOCK_BYTES_MAX: Final = 4096
"""The longest head that a connection remembers while it is idle."""


class Exchange(Turn):
    """A request on its way. `Caller` feeds it, `Upstream` answers it.

    Who calls again mostly sends the same headers again: `_block` is the head
    without its first line, where one that is equal to it means the same
    (`b""` where that can't be said), `_lines_known` the same line by line once one
    came that is only like it, `_asked` what was asked of the verifier,
    `_wired` and `_tail` what the upstream got of it. `whole` is the head as
    it came, if it came in one piece.
    """

    __slots__ = (
        "_below",
        "_face",
        "_lines_known",
        "_secret",
        "_tail",
        "_told_id",
        "_verb",
        "_wired",
        "_wired_until_us",
        "whole",
    )

    _below: str
    _lines_known: Block | None
    _secret: bytes
    _tail: bytes
    _told_id: bytes
    _verb: bytes
    _wired: bytes
    _wired_until_us: int

    def forget(self) -> None:
        """Be as new."""
        Turn.forget(self)
        self._block = self.whole = b""
        self._face: Face | None = None

    def again(self, head: bytes) -> bool:
        """Serve a whole head if it is the one before it but for the first line,

        and perhaps for values of headers that only go on. Equal bytes have an equal
        meaning, so nothing is parsed twice. What may have changed since is asked
        anew: the API, and all of the decision.
        """
        block = self._block
        if not block:
            return False
        if head.endswith(block):
            line = head[: -len(block)]
        else:
            end = head.find(CRLF)
            if not self._is_alike(head[end:]):
                return False
            line = head[:end]
        asked = LINES.get(line) or read_line(line)
        if asked is None:
            return False
        place = asked.place
        if self.gate.hosts.in_use:
            there = by_host.place_at(self, place)
            if there is None:
                return False
            place = there
        api = self.gate.plane.verifier.known_api(place.slug or "")
        if api is None or api is not self._api:
            return False
        self.begun_ns = perf_counter_ns()
        self.complete = self.received = True
        self._verb = asked.verb
        method = self.method = self._asked.method = asked.method
        self.is_head = method == "HEAD"
        self.path = place.path
        self._asked.path = place.below
        self.rest = place.target if api.keeps_prefix else place.rest
        self.query = place.query
        self._decide()
        return True

    def start(self) -> None:
        """The head is complete: find the API that is meant."""
        self.begun_ns = perf_counter_ns()
        verb = self._verb = self.parser.get_method()
        method = METHODS.get(verb)
        self.is_head = method == "HEAD"
        place = PLACES.get(self.target)
        if self.odd or not self.keep or self.host is None or self.caller.doubtful:
            if self.caller.trusted:
                self.gate.newcomers.leave(self.caller)
            fault = closer_look.examine(self)
            if fault is not None:
                self.fail(fault)
                return
        if place is None or method is None:
            place = self._looked_closer(method)
            if place is None:
                return
        if self.length is not None and self.length > self.gate.config.body_bytes_max:
            self.fail(refuse.BODY_TOO_LARGE)
            return
        self.method = method or ""
        self.query = place.query
        if self.gate.hosts.in_use:
            there = by_host.place_at(self, place)
            if there is None:
                by_host.find(self, place)
                return
            place = there
        self.lead(place)

    def lead(self, place: Place) -> None:
        """Go where the request leads."""
        slug = place.slug
        self.path = place.path
        self._below = place.below
        self.rest = place.rest
        api = self.gate.plane.verifier.known_api(slug or "")
        if api is not None:
            self._ask(api)
        elif slug is None:
            self.fail(refuse.AMBIGUOUS_PATH)
        elif not slug:
            self.fail(refuse.API_NOT_FOUND)
        elif slug == OWN_SLUG:
            endpoints.begin(self)
        else:
            found = self.gate.plane.verifier.api(slug, self.seen.address)
            self.caller.wait(found, self._route)

    def _looked_closer(self, method: str | None) -> Place | None:
        """Where an unusual request goes; None if it was refused."""
        if self.target[0] != _SLASH:
            closer_look.read_absolute(self)
        target = self.target
        if method is None or target[0] != _SLASH or len(target) > TARGET_BYTES_MAX:
            self.fail(closer_look.wrong_line(self, method))
            return None
        return place_of(target)

    def _route(self, api: object) -> None:
        """The API that was waited for, or why it cannot be had."""
        if self.over:
            return
        if isinstance(api, ApiRecord):
            self._ask(api)
        elif api is None:
            self.fail(refuse.API_NOT_FOUND)
        else:
            self.unfound()

    def unfound(self) -> None:
        """It cannot be found out which API is meant."""
        self._decided(None)

    def _ask(self, api: ApiRecord) -> None:
        """The API is known: take the credential and ask for the decision."""
        self._api = api
        if api.keeps_prefix:
            self.rest = self.target
        secret = self.key
        if (
            not secret
            or self.authorization is not None
            or self.marked
            or len(secret) > SECRET_LENGTH_MAX
            or _COMMA in secret
            or api.key_header != KEY_HEADER
            or api.query_parameter is not None
        ):
            secret = self._chosen(api)
            if secret is None:
                return
        self._secret = secret
        seen = self.seen
        self._asked = Request(
            secret,
            api.slug,
            seen.address,
            self.method,
            self._below,
            self.referrer,
            self.origin,
            self.app,
            seen.tls,
            None,
            (),
            None,
            self.key_id,
            self.browser,
            self.user_token,
        )
        if self.whole and not self.odd and self.length is None:
            self._remember(api)
            self.whole = b""
        self._decide()

    def _remember(self, api: ApiRecord) -> None:
        """Know this head again, if all of its headers came through unread."""
        head = self.whole
        if (
            len(head) <= _BLOCK_BYTES_MAX
            and api.key_header == KEY_HEADER
            and api.query_parameter is None
            and not self.caller.trusted
            and not self.marked
        ):
            self._block = head[head.find(CRLF) :]
            self._lines_known = None

    def _is_alike(self, block: bytes) -> bool:
        """Whether these header lines mean what those before them meant; takes them on."""
        if len(block) > _BLOCK_BYTES_MAX:
            return False
        known = self._lines_known
        if known is None:
            known = self._lines_known = Block(self._block, self.lines)
        changes = known.changes(block)
        if changes is None:
            return False
        for place, value in changes:
            self.lines[place] = value
        self._block = block
        self._face = None
        return True

    def _decide(self) -> None:
        """Ask for the decision, and act on it when it is there."""
        # `in` on bytes tries the secret as a number first, which costs more.
        rest = self.rest
        if rest.find(self._secret) >= 0 or (
            rest.find(b"%") >= 0 and closer_look.holds(rest, self._secret)
        ):
            self.fail(refuse.KEY_IN_PATH)
            return
        outcome = self.gate.plane.verifier.verify(self._asked)
        if isinstance(outcome, Decision):
            self._act(outcome)
        else:
            self.caller.wait(outcome, self._decided)

    def _chosen(self, api: ApiRecord) -> bytes | None:
        """The credential that counts; None where there is none and that is told."""
        if self.marked:
            if cross_origin.share(self, api):
                return None
            closer_look.name_app(self)
        key, parameter = self.key, None
        if api.key_header != KEY_HEADER or api.query_parameter is not None:
            key, parameter = closer_look.credentials(self, api)
        secret, refusal, own_authorization, self.key_id, token = choose(
            key, self.authorization, parameter
        )
        if own_authorization:
            self.authorization = None
        if self.exposed:
            self.path = without_secret(self.path, secret)
            closer_look.flag_exposed(self, secret, api.slug)
            secret, refusal = None, Verdict.TLS_REQUIRED
        if secret is None:
            now_us = self.gate.plane.now_us()
            self._decided(Decision(refusal or Verdict.MISSING, now_us))
        elif token is not None:
            return closer_look.with_token(self, secret, token)
        return secret

    def _decided(self, outcome: object) -> None:
        """What the decision came to that was waited for, perhaps by nobody now."""
        plane = self.gate.plane
        if isinstance(outcome, Decision):
            decision = outcome
        else:
            decision = Decision(Verdict.UNAVAILABLE, plane.now_us())
        if self.over:
            plane.verifier.release(decision)
        else:
            self._act(decision)

    def _act(self, decision: Decision) -> None:
        """Write the decision down, and act on it."""
        plane = self.gate.plane
        request_id = self._request_id = plane.new_request_id(decision.at_us)
        use = plane.meter.served(
            request_id, decision, self._api, self.method, self.path, self.seen.address
        )
        if use is None:
            plane.verifier.release(decision)
            unavailable = Decision(Verdict.UNAVAILABLE, decision.at_us)
            self.reply(refuse.of_verdict(unavailable, request_id))
            return
        self._decision, self._use = decision, use
        if decision.verdict is _VALID:
            self._forward(decision, request_id.encode())
        else:
            self.reply(refuse.of_verdict(decision, request_id))

    def _forward(self, decision: Decision, request_id: bytes) -> None:
        """Write the request as the upstream gets it, and send it."""
        line = decision.line
        if line is None:
            raise ValueError("a decision without a line allows nothing")
        face = self.gate.faces.of(line)
        target = face.target
        if target is None:
            self.fail(face.problem)
            return
        if face is not self._face or (
            face.voucher is not None and is_over(self._wired_until_us, decision.at_us)
        ):
            # Whoever is a newcomer has a head that was just read, and so comes by here.
            self.gate.newcomers.leave(self.caller)
            self._wire(face, target, decision.at_us)
        self._told_id = request_id
        self.head = b"".join(
            (self._verb, target.before, self.rest, self._wired, request_id, self._tail)
        )
        origin = self._origin = target.origin
        if origin.idle:
            origin.idle.pop().begin(self)
        else:
            self.caller.wait_for_upstream()
            origin.want(self)

    def _wire(self, face: Face, target: Target, now_us: int) -> None:
        """Make what the upstream gets behind the request's target: headers of

        the caller's in which the secret stands are left out.
        """
        lines, authorization = self.lines, self.authorization
        if authorization is not None:
            lines = [*lines, b"Authorization: ", authorization, CRLF]
        if face.replaced is not None:
            lines = closer_look.without_replaced(lines, face.replaced)
        host = self.forwarded_host or self.host or b""
        identity, voucher = face.identity, face.voucher
        if voucher is not None:
            identity = voucher.header(now_us) + identity
            self._wired_until_us = voucher.until_us
        wired = b"".join((target.behind, *lines, identity))
        if wired.find(self._secret) >= 0:
            lines = closer_look.without_secret(lines, self._secret)
            wired = b"".join((target.behind, *lines, identity))
        if host.find(self._secret) >= 0:
            host = b""
        simple = self.length is None and not self.odd
        self._face = face
        self._wired = wired
        self._tail = b"".join(
            (
                self.seen.forwarded,
                host,
                END if simple else closer_look.body_lines(self),
            )
        )

    # -- the answer ---------------------------------------------------------------

    def tell(self, status: int, out: list[bytes]) -> None:
        """The upstream's answer begins: add what is ours, and end its head."""
        self._status = status
        self._answering = True
        if not self.received or self.gate.draining:
            self.keep = False
        if not self.keep:
            out.append(b"Connection: close\r\n")
        elif self.http10:
            out.append(b"Connection: keep-alive\r\n")
        if self.cors is not None:
            cross_origin.mark(out, self.cors)
        decision = self._decision
        face = self._face
        if decision is None or face is None:
            out.append(CRLF)
        else:
            face.tell(out, decision, self._told_id)

    def switch(self, upstream: "Upstream", out: list[bytes], more: bytes) -> None:
        """The upstream has agreed to speak WebSocket; `more` came behind its 101."""
        self._status = 101
        self._answering = True
        self.upstream = None
        out.append(closer_look.UPGRADE_LINES)
        decision, face = self._decision, self._face
        if decision is None or face is None:
            raise RuntimeError("a tunnel without a decision")
        face.tell(out, decision, self._told_id)
        far = upstream.hand_over()
        tunnel = Tunnel(self, far, upstream, self._asked, decision.line)
        tunnel.open(b"".join(out), more)

    def finish(self) -> None:
        """The answer has been written to its end."""
        self.over = True
        self.upstream = None
        decision = self._decision
        if self.cost_told is not None:
            self.complete_count(self._status)
        elif decision is not None:
            self._decision = None
            self.gate.plane.meter.completed(
                self._request_id,
                decision,
                self._use,
                self._status,
                (perf_counter_ns() - self.begun_ns) // 1000,
                self.bytes_in,
                self.bytes_out,
            )
        if self.received:
            self.caller.next()
        else:
            self.caller.linger()
