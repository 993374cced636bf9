"""What a way from a key to an API looks like on the wire, worked out once."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from keyhouse.core.decision import Decision, Term, limit_terms
from keyhouse.core.notices import Notice
from keyhouse.core.records import Line, Worn
from keyhouse.doors.gateway.head import without_lines
from keyhouse.doors.gateway.plane import Plane
from keyhouse.doors.gateway.pool import Pool, Target
from keyhouse.doors.gateway.refuse import (
    IDENTITY_UNSIGNED,
    UPSTREAM_HEADER_LOST,
    UPSTREAM_MISSING,
    Problem,
    header_lines,
    safe,
)
from keyhouse.doors.gateway.vouching import Voucher


@dataclass(frozen=True, slots=True)
class Face(Worn):
    """`target` is None where there is nowhere to send it, and `problem` says why.

    `identity` is the headers that tell the upstream who calls, up to the
    value of the last, Keyhouse-Request-Id; before them those that the API has
    for its upstream, in place of the caller's own that are `replaced`. `told`
    is a template for what is added to the upstream's answer, up to the end of
    its head. `voucher` is what tells the upstream the same, signed, if asked for.
    """

    target: Target | None
    identity: bytes = field(repr=False)
    told: bytes
    replaced: frozenset[bytes] | None = None
    problem: Problem = UPSTREAM_MISSING
    voucher: Voucher | None = None

    def tell(self, out: list[bytes], decision: Decision, request_id: bytes) -> None:
        """End the head of a good answer: add request id and what is left."""
        # A star would make a list of it first.
        numbers = (request_id,) + decision.left  # noqa: RUF005 - as above
        out.append(self.told % numbers)


@dataclass(frozen=True, slots=True)
class EndingFace(Face):
    """The face of a line that has an end; the caller is told of it.

    What the upstream says of an end goes on, unless we say the same of ours.
    """

    notice: Notice | None = None

    def tell(self, out: list[bytes], decision: Decision, request_id: bytes) -> None:
        """As any face does, with what is told of the end."""
        headers = self.notice.headers(decision.at_us) if self.notice else ()
        if headers:
            names = tuple(f"{name}:".lower().encode() for name, _ in headers)
            out[:] = without_lines(out, names)
            out.append(header_lines(headers))
        Face.tell(self, out, decision, request_id)


class Faces:
    """Makes the faces of lines. Each line keeps its own.

    `admits_private` tells of an organization whether its upstreams may be private.
    """

    def __init__(
        self, pool: Pool, admits_private: Callable[[str], bool], plane: Plane
    ) -> None:
        self._pool = pool
        self._admits_private = admits_private
        self._plane = plane

    def of(self, line: Line) -> Face:
        """The face of a line, made once."""
        worn = line.worn
        if isinstance(worn, Face):
            return worn
        url = line.api.upstreams.get(line.key.environment or "")
        owner = line.api.organization_id
        private = self._admits_private(owner)
        target = self._pool.target(url, owner=owner, private=private) if url else None
        face = self._made(line, target)
        line.worn = face
        return face

    def _made(self, line: Line, target: Target | None) -> Face:
        face = _face(line, target)
        if not line.api.signs_identity or face.target is None:
            return face
        signer = self._plane.signer
        if signer is None or not signer.can_sign:
            return replace(face, target=None, problem=IDENTITY_UNSIGNED)
        return replace(face, voucher=Voucher(line, signer, self._plane.issuer))


def _face(line: Line, target: Target | None) -> Face:
    face = Face(target, _identity(line), _template(line))
    if line.notice is not None:
        face = EndingFace(target, face.identity, face.told, notice=line.notice)
    headers = line.api.upstream_headers
    if headers is None:
        return face
    if headers.lines is None:
        # Without one of them the upstream might take the call for somebody else's.
        return replace(face, target=None, identity=b"", problem=UPSTREAM_HEADER_LOST)
    identity = headers.lines + face.identity
    return replace(face, identity=identity, replaced=headers.names)


def _identity(line: Line) -> bytes:
    return identity_lines(line) + b"Keyhouse-Request-Id: "


def identity_lines(line: Line) -> bytes:
    """The headers that tell an upstream who calls, all of them, empty if need be."""
    scopes = sorted(line.grant.scopes) if line.grant else []
    values = (
        ("Key-Id", line.key.id),
        ("Application", line.application.id),
        ("Customer", line.caller_name or ""),
        ("Subject", line.token.subject if line.token else ""),
        ("Environment", line.key.environment or ""),
        ("Scopes", " ".join(scopes)),
    )
    return b"".join(
        b"Keyhouse-%s: %s\r\n" % (name.encode(), safe(text)) for name, text in values
    )


def _template(line: Line) -> bytes:
    """`%b` for the request id, then `%d` twice for each limit: left, reset.
    An empty line ends it.
    """
    return b"Keyhouse-Request-Id: %b\r\n" + limit_lines(line) + b"\r\n"


def limit_lines(line: Line) -> bytes:
    """What is left, as `core.answers.limit_headers` has it: `%d` twice for each limit."""
    terms = limit_terms(line, len(line.rates), len(line.quotas))
    if not terms:
        return b""
    states = b", ".join(map(_state, terms))
    policy = b", ".join(map(_policy, terms))
    return b"RateLimit: %s\r\nRateLimit-Policy: %s\r\n" % (states, policy)


def _state(term: Term) -> bytes:
    """What never starts anew takes its second number and tells nothing of it."""
    reset = b";t=%d" if term.window_seconds else b"%.0a"
    return b'"%s";r=%%d%s' % (_escaped(term.name), reset)


def _policy(term: Term) -> bytes:
    window = b";w=%d" % term.window_seconds if term.window_seconds else b""
    return b'"%s";q=%d%s' % (_escaped(term.name), term.amount, window)


def _escaped(name: str) -> bytes:
    return safe(name).replace(b"%", b"%%")
