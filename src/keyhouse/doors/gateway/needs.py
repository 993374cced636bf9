"""What the gateway needs of the rest of Keyhouse; wiring brings it."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from keyhouse.core.decision import Decision
from keyhouse.core.entities import Limit
from keyhouse.core.pending import Pending
from keyhouse.core.prefixes import Prefixes
from keyhouse.core.records import ApiRecord, ApplicationRecord, KeyRecord, Line, PartRef
from keyhouse.core.request import Request
from keyhouse.core.reservations import Reservation
from keyhouse.core.usage import Completed, Use
from keyhouse.core.user_tokens import UserToken
from keyhouse.core.validation import Problem
from keyhouse.core.verdict import Verdict
from keyhouse.services.reserve import Settled, Unsettled


class Manager(Protocol):
    """The holder of a valid management key, whose id tells it from others."""

    @property
    def id(self) -> str:
        """The key's id."""

    def holds(self, scope: str) -> bool:
        """Whether it has the scope for anything at all."""

    def may(
        self, scope: str, *, project_id: str | None = None, api_id: str | None = None
    ) -> bool:
        """Whether it has the scope for this project or API."""


class Hosts(Protocol):
    """What is known of hosts. `in_use` says whether any API may have one."""

    in_use: bool

    def lead(self, host: str) -> str | Prefixes | None:
        """The slug of its API or its prefixes, '' where no API has it, None where that

        is not known.
        """


class Verifying(Protocol):
    """Decides. Called on the event loop, never blocks.

    Each decision knows all changes up to `applied`, as it was when it was asked for.
    """

    @property
    def applied(self) -> int:
        """The number of a change."""

    @property
    def hosts(self) -> Hosts:
        """What is known of hosts; the same one each time."""

    def host(
        self, name: str, address: int = ...
    ) -> str | Prefixes | Verdict | Pending[Any]:
        """The slug of the API that a host leads to, '' where it leads to none.

        `Prefixes`, where not all of its paths lead to one API.
        `address` is that of the caller who asks for it.
        """

    def known_api(self, slug: str, /) -> ApiRecord | None:
        """The API with that slug, if nothing need be fetched to tell."""

    def api(
        self, slug: str, address: int = ...
    ) -> ApiRecord | Verdict | Pending[Any] | None:
        """The API with that slug, None where there is none.

        `address` is that of the caller who asks for it.
        """

    def verify(self, request: Request) -> Decision | Pending[Decision]:
        """Decide on `request`, spending what it costs if it may pass."""

    def look_again(self, request: Request) -> Decision | Pending[Decision]:
        """Whether what was let through may go on, by what its key is; no limit counts."""

    def management(
        self, secret: bytes, address: int, key_id: str | None = None
    ) -> Manager | Verdict | Pending[Any]:
        """Check a management key. A verdict is the refusal.

        `key_id` is the id that came with the secret, where one did.
        """

    def exposed(self, request: Request) -> object:
        """Flag the key whose secret came over plain HTTP: nobody is to wait for it."""

    def release(self, decision: Decision) -> None:
        """Give back what an allowed decision reserved."""

    def refund(self, decision: Decision, units: int) -> None:
        """Have units of a counted reservation spent again: see `Metering.settled`."""


class Resolving(Protocol):
    """Runs what a `Pending` waits for, off the loop."""

    def resolve(
        self,
        outcome: object,
        then: Callable[[Any], None],
        failed: Callable[[Exception], None] = ...,
    ) -> None:
        """Call `then` on the loop with what `outcome` comes to, maybe at once.

        What could not be had may come as an exception given as a value. Where going
        on raises, `failed` is called with that.
        """


class Signing(Protocol):
    """Signs what upstreams are to believe."""

    @property
    def can_sign(self) -> bool:
        """Whether there is a key for it."""

    def sign(self, kind: str, claims: Mapping[str, object]) -> bytes:
        """A token of that kind."""

    def key_set(self) -> dict[str, list[dict[str, str]]]:
        """The public keys as a JWK set."""


class Holder(Protocol):
    """The holder of a good key."""

    @property
    def key(self) -> KeyRecord:
        """The key."""

    @property
    def application(self) -> ApplicationRecord:
        """Its application."""


class KnownToken(Protocol):
    """A user's token that is ours and good now, and its way to its API."""

    @property
    def token(self) -> UserToken:
        """What it says."""

    @property
    def line(self) -> Line:
        """Where it leads."""


class MintedToken(Protocol):
    """A new token, and what is told beside it."""

    @property
    def text(self) -> str:
        """The token itself."""

    @property
    def id(self) -> str:
        """Its `jti`."""

    @property
    def seconds(self) -> int:
        """How long it lasts."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """What it may do."""


class Users(Protocol):
    """Tokens of users, for the holders of keys. Never blocks; verdicts are refusals."""

    def minter(self, request: Request) -> Decision | Pending[Any]:
        """Whether the key in `request` may mint tokens here now, as a call of it."""

    def api(self, name: str) -> ApiRecord | None:
        """The API of that slug or id, as far as it is in memory."""

    def mint(
        self,
        line: Line,
        subject: str,
        session: str,
        scopes: tuple[str, ...] | None,
        seconds: int | None,
        limits: tuple[Limit, ...],
    ) -> MintedToken | Problem | None:
        """A token, or what is wrong; None where there is no key to sign it with."""

    def holder(self, request: Request) -> Holder | Verdict | Pending[Any]:
        """The server key in `request`, if it is good now."""

    def known(self, text: bytes, address: int) -> KnownToken | Verdict | Pending[Any]:
        """A token, if it opens its API now."""

    def revoke(
        self, held: Holder, kind: str, value: str, request: Request, request_id: str
    ) -> Pending[Any]:
        """Revoke tokens of the application of `held`."""


class Metering(Protocol):
    """Writes down what was decided and how it ended. Never blocks."""

    def served(
        self,
        request_id: str,
        decision: Decision,
        api: ApiRecord | None,
        method: str,
        path: str,
        address: int,
    ) -> Use | None:
        """Count a decision; None when it cannot be counted, and so not served."""

    def beside(self, door: str, decision: Decision) -> None:
        """What was just counted came by that door, and not through the proxy."""

    def completed(
        self,
        request_id: str,
        decision: Decision,
        use: Use,
        status: int,
        latency_us: int,
        bytes_in: int,
        bytes_out: int,
    ) -> None:
        """Add how the exchange of a counted decision ended."""

    def settled(self, ended: Completed, decision: Decision, refund: int) -> bool:
        """As `completed`, for a call that came to `refund` units less than it reserved.

        True where that is written down: only then may they be spent by others.
        """


class Reserving(Protocol):
    """Reservations that are settled by a call. Never blocks."""

    def id_of(self, request_id: str, decision: Decision) -> str | None:
        """The id of what a counted decision reserved; None for a refusal."""

    def find(self, id: str) -> Reservation | None:
        """What an id stands for; None for one that is not ours."""

    def settle(
        self, reservation: Reservation, units: int | None
    ) -> Unsettled | Pending[Settled | Unsettled]:
        """Have a call come to `units`, None for all that it reserved."""


class Following(Protocol):
    """The change log, for those who follow it from afar. Never blocks.

    `head` is the newest change, `log` names what tokens are made with.
    """

    head: int
    log: str

    def since(self, after: int) -> tuple[PartRef, ...] | None:
        """What changed behind change `after`; None where that is not known."""

    def listen(self, call: Callable[[], None]) -> None:
        """Have `call` made whenever `head` has moved."""

    def token(self, asker_id: str, part: PartRef) -> str:
        """The name of a part to one asker."""
