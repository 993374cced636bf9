"""What every door asks, in one shape, and what the answer to it is made of."""

from dataclasses import dataclass, field
from typing import Any

from keyhouse.core.addresses import UNKNOWN


@dataclass(slots=True, init=False)
class Request:
    """A request as it is decided on. Every door builds exactly this.

    `secret` is the raw credential, already chosen among those that came (see
    `core.credentials`); None where there was none. `api` is a slug. `path`
    is below the API's root and begins with `/`; None where the caller of
    verify told none, which a key with endpoint restrictions does not pass.
    `scopes` are needed beyond those of the route, in the same form. `cost` is
    in units, None for the route's own. `key_id` is the id that came with the
    secret, as in HTTP Basic: the secret of another key is then unknown.
    `browser` says that a browser sent it: it has an Origin, or a Sec-Fetch header
    that is not Sec-Fetch-Mode. `app` is what `core.apps` makes of the headers that
    name one.
    `token` is a user's that came beside a key; one that came alone is the `secret`.
    `way` is the verifier's own: where it found this secret to lead, for a
    request of the same credential that comes after.
    """

    secret: bytes | None = field(repr=False)
    api: str
    address: int = UNKNOWN
    method: str | None = None
    path: str | None = None
    referrer: str = ""
    origin: str = ""
    app: str = ""
    tls: bool = False
    environment: str | None = None
    scopes: tuple[str, ...] = ()
    cost: int | None = None
    key_id: str | None = None
    browser: bool = False
    token: bytes | None = field(default=None, repr=False)
    way: Any = field(default=None, repr=False, compare=False)

    # Written out: the one that a dataclass makes would not be compiled.
    def __init__(  # noqa: PLR0913, PLR0917 - a value's fields
        self,
        secret: bytes | None,
        api: str,
        address: int = UNKNOWN,
        method: str | None = None,
        path: str | None = None,
        referrer: str = "",
        origin: str = "",
        app: str = "",
        tls: bool = False,  # noqa: FBT002 - as a dataclass has it
        environment: str | None = None,
        scopes: tuple[str, ...] = (),
        cost: int | None = None,
        key_id: str | None = None,
        browser: bool = False,  # noqa: FBT002 - as above
        token: bytes | None = None,
        way: object = None,
    ) -> None:
        self.secret = secret
        self.api = api
        self.address = address
        self.method = method
        self.path = path
        self.referrer = referrer
        self.origin = origin
        self.app = app
        self.tls = tls
        self.environment = environment
        self.scopes = scopes
        self.cost = cost
        self.key_id = key_id
        self.browser = browser
        self.token = token
        self.way = way
