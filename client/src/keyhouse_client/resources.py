"""The management API's resources, once for both clients.

A resource builds calls and hands them to its sender. What comes back is the
sender's affair: objects from `Client`, awaitables of objects from
`AsyncClient`; the four type variables say which.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Literal, Protocol, TypeVar

from keyhouse_client.calls import Call, below

One = TypeVar("One", covariant=True)
Listed = TypeVar("Listed", covariant=True)
Each = TypeVar("Each", covariant=True)
Nothing = TypeVar("Nothing", covariant=True)


class Sender(Protocol[One, Listed, Each, Nothing]):
    """Makes a call, and gives what the caller waits for."""

    def one(self, call: Call) -> One:
        """The object in the answer."""

    def listed(self, call: Call) -> Listed:
        """One page."""

    def each(self, call: Call) -> Each:
        """All objects of all pages, read as they are asked for."""

    def lines(self, call: Call) -> Each:
        """All objects of an answer that has one a line, read as they are asked for."""

    def nothing(self, call: Call) -> Nothing:
        """No more than that it was done."""


class _Resource(Generic[One, Listed, Each, Nothing]):
    def __init__(self, sender: Sender[One, Listed, Each, Nothing], path: str) -> None:
        self._sender = sender
        self._path = path

    def _at(self, *parts: str) -> str:
        return below(self._path, *parts)


class Listing(_Resource[One, Listed, Each, Nothing]):
    """What can be listed. Filters are those of the resource's reference page."""

    def list(
        self, *, limit: int | None = None, cursor: str | None = None, **filters: object
    ) -> Listed:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
        query = {**filters, "limit": limit, "cursor": cursor}
        return self._sender.listed(Call("GET", self._path, query))

    def each(self, **filters: object) -> Each:
        """All objects, page after page."""
        return self._sender.each(Call("GET", self._path, filters))


class Standing(Listing[One, Listed, Each, Nothing]):
    """What can be read and changed."""

    def get(self, id: str) -> One:
        """The object. Raises ProblemError with status 404 where there is none."""
        return self._sender.one(Call("GET", self._at(id)))

    def update(self, id: str, *, if_match: str | None = None, **changes: object) -> One:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """
        headers = {"If-Match": if_match} if if_match is not None else {}
        call = Call("PATCH", self._at(id), body=changes, headers=headers)
        return self._sender.one(call)


class Collection(Standing[One, Listed, Each, Nothing]):
    """What can also be created and deleted."""

    def create(self, **fields: object) -> One:
        """A new object, as it then stands."""
        return self._sender.one(Call("POST", self._path, body=fields))

    def delete(self, id: str) -> Nothing:
        """Delete the object."""
        return self._sender.nothing(Call("DELETE", self._at(id)))


class Members(Standing[One, Listed, Each, Nothing]):
    """Members of the organization, each by the person's id."""

    def delete(self, id: str) -> Nothing:
        """End the membership, your own too; the keys that the person made stay."""
        return self._sender.nothing(Call("DELETE", self._at(id)))


class Invitations(Listing[One, Listed, Each, Nothing]):
    """Invitations to the organization. Their links are mailed, never told here."""

    def get(self, id: str) -> One:
        """The invitation, and what has become of it."""
        return self._sender.one(Call("GET", self._at(id)))

    def create(self, email: str, role: str) -> One:
        """Invite somebody by mail; an earlier invitation to the address ends."""
        body = {"email": email, "role": role}
        return self._sender.one(Call("POST", self._path, body=body))

    def delete(self, id: str) -> Nothing:
        """Withdraw it: its link works no more."""
        return self._sender.nothing(Call("DELETE", self._at(id)))


class Usage(Listing[One, Listed, Each, Nothing]):
    """What was counted, by step of time; a page has up to 10,000 rows."""

    def unknown_keys(self, **filters: object) -> Listed:
        """Where keys were tried that are not known, the most attempts first.

        `filters`: since, until (whole days, UTC; the last day without them), api.
        """
        return self._sender.listed(Call("GET", self._at("unknown-keys"), filters))

    def users(self, **filters: object) -> Listed:
        """Which users call most, by API and verdict, the most requests first.

        `filters`: since, until (whole days, UTC; the last day without them), api, key.
        """
        return self._sender.listed(Call("GET", self._at("users"), filters))


class UpstreamHeaders(Listing[One, Listed, Each, Nothing]):
    """Headers that the gateway adds toward an API's upstream. No answer tells a value."""

    def get(self, name: str) -> One:
        """When the header was set, and by whom."""
        return self._sender.one(Call("GET", self._at(name)))

    def set(self, name: str, value: str) -> One:
        """Have it added, or replace its value."""
        return self._sender.one(Call("PUT", self._at(name), body={"value": value}))

    def delete(self, name: str) -> Nothing:
        """Have it added no more."""
        return self._sender.nothing(Call("DELETE", self._at(name)))


class Apis(Collection[One, Listed, Each, Nothing]):
    """APIs, named by id or slug, with their routes and headers for the upstream.

    `roles` of an API maps names to lists of its scopes; a key that holds one
    follows what the API says of it.
    """

    def headers(self, api: str) -> UpstreamHeaders[One, Listed, Each, Nothing]:
        """The headers that the gateway adds for one API."""
        return UpstreamHeaders(self._sender, self._at(api, "headers"))

    def routes(self, api: str) -> Collection[One, Listed, Each, Nothing]:
        """The routes of one API."""
        return Collection(self._sender, self._at(api, "routes"))


class Keys(Standing[One, Listed, Each, Nothing]):
    """Keys. A secret is in the answer of `create` or `rotate` and nowhere else."""

    def create(
        self,
        name: str,
        access: Sequence[Mapping[str, Any]],
        *,
        idempotency_key: str | None = None,
        **fields: object,
    ) -> One:
        """A new key with `access`, as `[{"api": "weather", "scopes": ["pages:read"]}]`.

        An entry may name `roles` of the API beside or instead of scopes.
        `fields`: application, environment, kind, restrictions, limits, rotation,
        starts_at, ends_at, metadata, owner, purpose, tags. With an
        `idempotency_key` of your own a second call gives the same key, and
        `"secret": None`.
        """
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        body = {"name": name, "access": list(access), **fields}
        return self._sender.one(Call("POST", self._path, body=body, headers=headers))

    def create_many(
        self, keys: Sequence[Mapping[str, Any]], *, idempotency_key: str | None = None
    ) -> One:
        """Up to 100 new keys, all or none: `{"data": [...]}` in their order.

        Each is given as an object with `name`, `access` and the fields of `create`.
        """
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        body = {"keys": [dict(key) for key in keys]}
        return self._sender.one(Call("POST", self._at("batch"), body=body, headers=headers))

    def revoke_all(
        self,
        *,
        application: str | None = None,
        customer: str | None = None,
        owner: str | None = None,
        project: str | None = None,
        dry_run: bool = False,
        expected: int | None = None,
    ) -> One:
        """Refuse all keys of one application, customer, owner or project for ever.

        With `expected`, only if there are so many. The same call again does the
        rest where one broke off. Tells `matched` and `revoked`.
        """
        named = {
            "application": application,
            "customer": customer,
            "owner": owner,
            "project": project,
            "expected": expected,
        }
        body = {name: value for name, value in named.items() if value is not None}
        call = Call("POST", self._at("revoke"), body={**body, "dry_run": dry_run})
        return self._sender.one(call)

    def transfer(self, id: str, application: str) -> One:
        """Give the key to another application, and to that one's project."""
        body = {"application": application}
        return self._sender.one(Call("POST", self._at(id, "transfer"), body=body))

    def delete(self, id: str) -> Nothing:
        """Put the key away; for 30 days `restore` brings it back."""
        return self._sender.nothing(Call("DELETE", self._at(id)))

    def enable(self, id: str) -> One:
        """Undo `disable`."""
        return self._do(id, "enable")

    def disable(self, id: str) -> One:
        """Refuse the key until it is enabled again."""
        return self._do(id, "disable")

    def revoke(self, id: str) -> One:
        """Refuse the key for ever."""
        return self._do(id, "revoke")

    def restore(self, id: str) -> One:
        """Undo `delete`."""
        return self._do(id, "restore")

    def rotate(
        self,
        id: str,
        overlap_seconds: int | Literal["usual"] | None = "usual",
        *,
        on_first_use: bool = False,
        idempotency_key: str | None = None,
    ) -> One:
        """Give the key a new secret, which is in this answer and nowhere else.

        The older secrets work for `overlap_seconds` more at most; with 0 they
        are refused at once, with None not before `end_secret`. The usual
        overlap is that of the key's rotation. It begins now, or `on_first_use`
        of the new secret. Id, limits and counts stay.
        """
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        body: dict[str, Any] = {}
        if overlap_seconds != "usual":
            body["overlap_seconds"] = overlap_seconds
        if on_first_use:
            body["on_first_use"] = True
        call = Call("POST", self._at(id, "rotate"), body=body, headers=headers)
        return self._sender.one(call)

    def rotation(self, id: str) -> One:
        """How the key's rotation stands: which secrets work, and who uses each."""
        return self._sender.one(Call("GET", self._at(id, "rotation")))

    def roll_back(self, id: str) -> One:
        """Take the last rotation back, while what it replaced still works."""
        return self._sender.one(Call("POST", self._at(id, "rotation", "roll-back")))

    def due(self, *, within_days: int = 30) -> Each:
        """Keys whose secret is due within so many days or overdue, and that end."""
        query = {"within_days": within_days}
        return self._sender.each(Call("GET", self._at("due"), query))

    def secrets(self, id: str) -> Listed:
        """The key's secrets: their hints, states and times, never the strings."""
        return self._sender.listed(Call("GET", self._at(id, "secrets")))

    def end_secret(self, id: str, secret_id: str) -> Nothing:
        """Refuse one of the key's secrets from now on; the last that works stays."""
        return self._sender.nothing(Call("DELETE", self._at(id, "secrets", secret_id)))

    def limits(self, id: str) -> Listed:
        """The limits that count for the key, and what is left of its quotas."""
        return self._sender.listed(Call("GET", self._at(id, "limits")))

    def networks(self, id: str) -> Listed:
        """The networks that its calls were let through from, the last seen first."""
        return self._sender.listed(Call("GET", self._at(id, "networks")))

    def explain(self, id: str, *, api: str | None = None, **request: object) -> One:
        """Every reason why a request with the key would be refused; nothing is spent.

        `request`: address, method, path, referrer, origin, app, tls,
        environment, scopes, cost, secret_version, each as far as it is known, and
        `token`, the claims of a user's token that the key minted: {"sub": "alice"}.
        `api` is needed for a key that opens several. Each of `checks` has an
        `outcome`; those `refused` say in `found` why, in `mend` what to do.
        """
        given = {"api": api, **request}
        body = {name: value for name, value in given.items() if value is not None}
        return self._sender.one(Call("POST", self._at(id, "explain"), body=body))

    def find(self, secret: str) -> One:
        """The key that a whole secret belongs to; an old secret's too."""
        return self._sender.one(Call("POST", self._at("find"), body={"secret": secret}))

    def _do(self, id: str, what: str) -> One:
        return self._sender.one(Call("POST", self._at(id, what)))


class Calendars(Listing[One, Listed, Each, Nothing]):
    """Calendars of what is due, for programs that read iCalendar."""

    def get(self, id: str) -> One:
        """One calendar, without its address."""
        return self._sender.one(Call("GET", self._at(id)))

    def create(self, name: str) -> One:
        """A new calendar; its address is `secret` in this answer and nowhere else."""
        return self._sender.one(Call("POST", self._path, body={"name": name}))

    def delete(self, id: str) -> Nothing:
        """Close its address."""
        return self._sender.nothing(Call("DELETE", self._at(id)))


class Secrets(Generic[One, Listed, Each, Nothing]):
    """Secrets by themselves, whosever they are."""

    def __init__(self, sender: Sender[One, Listed, Each, Nothing], path: str) -> None:
        self._sender = sender
        self._path = path

    def revoke(self, secret: str) -> One:
        """Refuse a secret from now on, if it is one; the answer does not tell.

        Whoever holds it may, and needs no key for it.
        """
        call = Call("POST", f"{self._path}/revoke", body={"secret": secret})
        return self._sender.one(call)


class Changes(_Resource[One, Listed, Each, Nothing]):
    """Changes by their number, as `Answer.change_seq` tells it."""

    def get(self, seq: int, *, wait_seconds: float | None = None) -> One:
        """Whether the change is in force everywhere, and who is waited for.

        With `wait_seconds`, at most 30, the answer comes once it is, or then.
        """
        query = {"wait_seconds": wait_seconds}
        return self._sender.one(Call("GET", self._at(str(seq)), query))


class Requests(Listing[One, Listed, Each, Nothing]):
    """The request log, the newest first."""

    def explain(self, id: str) -> One:
        """What a request came to and why, by the Keyhouse-Request-Id of its answer,

        and what it would come to now. It is in the log a second or two after.
        """
        return self._sender.one(Call("POST", self._at(id, "explain")))


class Customers(Collection[One, Listed, Each, Nothing]):
    """Customers, each with a balance of credits and its ledger."""

    def balance(self, id: str) -> One:
        """What is left of its credits."""
        return self._sender.one(Call("GET", self._at(id, "balance")))

    def credits(self, id: str) -> "Credits[One, Listed, Each, Nothing]":
        """The ledger of its credits."""
        return Credits(self._sender, self._at(id, "credits"))


class Credits(Listing[One, Listed, Each, Nothing]):
    """A ledger of credits: entries are added, and never changed or deleted."""

    def get(self, id: str) -> One:
        """One entry."""
        return self._sender.one(Call("GET", self._at(id)))

    def create(self, amount: int, kind: str, *, note: str = "") -> One:
        """Add `amount` units, or take some with an amount below 0.

        `kind` is purchase, grant, adjustment or refund.
        """
        body = {"amount": amount, "kind": kind, "note": note}
        return self._sender.one(Call("POST", self._path, body=body))


class Audit(Listing[One, Listed, Each, Nothing]):
    """Who changed what, the newest first."""

    def export(self, *, after: str | None = None, **filters: object) -> Each:
        """All of it, the oldest row first, as one stream.

        `filters`: since, until. Where it breaks off, it goes on behind the id
        of the last row with that as `after`.
        """
        query = {**filters, "after": after}
        return self._sender.lines(Call("GET", self._at("export"), query))


class Deliveries(Listing[One, Listed, Each, Nothing]):
    """What was sent to an endpoint, or is to be sent; filter: state."""

    def get(self, id: str) -> One:
        """One delivery, and what came of its last attempt."""
        return self._sender.one(Call("GET", self._at(id)))

    def replay(self, id: str) -> One:
        """Have the same event sent once more; the new delivery."""
        return self._sender.one(Call("POST", self._at(id, "replay")))


class Webhooks(Standing[One, Listed, Each, Nothing]):
    """Endpoints that are told of events.

    A secret is in the answer of `create` or `rotate_secret` and nowhere else;
    `verify_webhook` takes it.
    """

    def create(self, url: str, events: Sequence[str], **fields: object) -> One:
        """A new endpoint; `events` are kinds, or `["*"]`. `fields`: name, project."""
        body = {"url": url, "events": list(events), **fields}
        return self._sender.one(Call("POST", self._path, body=body))

    def delete(self, id: str) -> Nothing:
        """Delete it; what was on its way to it is sent no more."""
        return self._sender.nothing(Call("DELETE", self._at(id)))

    def rotate_secret(self, id: str, overlap_seconds: int) -> One:
        """Give it a new secret; for the overlap the older one signs as well."""
        body = {"overlap_seconds": overlap_seconds}
        return self._sender.one(Call("POST", self._at(id, "rotate-secret"), body=body))

    def test(self, id: str) -> One:
        """Have an event of the type `webhook.test` sent; the delivery."""
        return self._sender.one(Call("POST", self._at(id, "test")))

    def deliveries(self, id: str) -> Deliveries[One, Listed, Each, Nothing]:
        """What was sent to it, the newest first."""
        return Deliveries(self._sender, self._at(id, "deliveries"))


class Plans(Collection[One, Listed, Each, Nothing]):
    """Plans: which APIs they open, how fast and how much, each as a version."""

    def versions(self, id: str) -> Listing[One, Listed, Each, Nothing]:
        """All that one plan ever held, the newest version first."""
        return Listing(self._sender, self._at(id, "versions"))


class Subscriptions(Standing[One, Listed, Each, Nothing]):
    """Subscriptions of applications to plans.

    Filters of lists: `side` ("provider", those to your plans, or "consumer", those
    of your applications), plan, application, state. `update` changes
    `overrides`, the limits that one subscriber has of its own.
    """

    def create(self, plan: str, application: str) -> One:
        """Subscribe an application to a plan, each by its id."""
        body = {"plan": plan, "application": application}
        return self._sender.one(Call("POST", self._path, body=body))

    def approve(self, id: str) -> One:
        """Let a pending subscription open what its plan does; for the provider."""
        return self._do(id, "approve")

    def suspend(self, id: str) -> One:
        """Refuse the application's keys there until `resume`; for the provider."""
        return self._do(id, "suspend")

    def resume(self, id: str) -> One:
        """Undo `suspend`; for the provider."""
        return self._do(id, "resume")

    def end(self, id: str) -> One:
        """End it for good; for either side."""
        return self._do(id, "end")

    def move(self, id: str, plan: str, *, applies: str = "now") -> One:
        """Move it to another plan of the same provider; what was used stays used.

        With `applies="next_window"` each quota keeps its old amount up to the
        end of its window.
        """
        body = {"plan": plan, "applies": applies}
        return self._sender.one(Call("POST", self._at(id, "move"), body=body))

    def _do(self, id: str, what: str) -> One:
        return self._sender.one(Call("POST", self._at(id, what)))


class Imports(Listing[One, Listed, Each, Nothing]):
    """Imports of keys from other systems: begun, fed part by part, finished.

    Their keys are there for nobody before the import's `state` is `done`.
    """

    def get(self, id: str) -> One:
        """How far it is, and what was wrong with which line of its file."""
        return self._sender.one(Call("GET", self._at(id)))

    def create(self, format: str, **fields: object) -> One:  # noqa: A002  (the API's word)
        """Begin an import. `format` is aws, csv or json.

        `fields`: access, environment, application, project, fail_on_warnings,
        dry_run. With `text`, a whole file of at most 500 rows, it is done at once.
        """
        body = {"format": format, **fields}
        return self._sender.one(Call("POST", self._path, body=body))

    def add_part(self, id: str, part: int, text: str, *, line: int | None = None) -> One:
        """Send part number `part`, from 1: at most 500 rows, CSV with its header.

        `line` is where its rows begin in the file, for what is told of them. A
        part that is in already changes nothing; go on behind `parts`.
        """
        body = {"part": part, "text": text, "line": line}
        return self._sender.one(Call("POST", self._at(id, "parts"), body=body))

    def finish(self, id: str) -> One:
        """Have all its keys be there at once, or be undone where it asked for that."""
        return self._sender.one(Call("POST", self._at(id, "finish")))

    def cancel(self, id: str) -> One:
        """Have it be undone; one that is done stays."""
        return self._sender.one(Call("POST", self._at(id, "cancel")))


class Tokens(_Resource[One, Listed, Each, Nothing]):
    """Tokens of users: refused before their time. They are minted at the gateway."""

    def revoke(
        self,
        application: str,
        *,
        token: str | None = None,
        session: str | None = None,
        user: str | None = None,
        key: str | None = None,
        all: bool = False,  # noqa: A002 - the API's own name for it
    ) -> One:
        """Refuse tokens of an application that were issued so far, exactly one of:

        a `token` (itself or its `jti`), all of a `session`, `user` or `key`, or all
        of the application.
        """
        wanted = {"token": token, "session": session, "user": user, "key": key}
        body: dict[str, object] = {
            name: value for name, value in wanted.items() if value is not None
        }
        if all:
            body["all"] = True
        body["application"] = application
        return self._sender.one(Call("POST", self._at("revoke"), body=body))


class Declaration(_Resource[One, Listed, Each, Nothing]):
    """Things as a file says: a document of them, and one that is to be so."""

    def export(self, *, project: str | None = None, only: Sequence[str] = ()) -> One:
        """The document of one project, by id or name, or of the whole organization.

        `only` names some of its sections: projects, apis, plans, customers,
        applications, subscriptions, keys, webhooks. No secret is in it.
        """
        query = {"project": project, "only": ",".join(only) or None}
        headers = {"Accept": "application/json"}
        return self._sender.one(Call("GET", self._at("export"), query, headers=headers))

    def apply(
        self,
        document: Mapping[str, Any],
        *,
        dry_run: bool = False,
        prune: bool = False,
        plan: str | None = None,
        idempotency_key: str | None = None,
    ) -> One:
        """Have things be as the document says; `prune` takes away what it leaves out.

        With `dry_run` the `steps` are told, and nothing is done; the answer's
        `plan`, sent with a second call, has those steps done and no others.
        `secrets` of new keys are in this answer and nowhere else. Look at
        `complete`: of a long plan only a part may have been done.
        """
        query = {"dry_run": dry_run or None, "prune": prune or None, "plan": plan}
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        call = Call("POST", self._at("apply"), query, dict(document), headers)
        return self._sender.one(call)


class Resources(Generic[One, Listed, Each, Nothing]):
    """All resources of the management API."""

    def __init__(self, sender: Sender[One, Listed, Each, Nothing]) -> None:
        self.organizations = Standing(sender, "/v1/organizations")
        self.members = Members(sender, "/v1/members")
        self.invitations = Invitations(sender, "/v1/invitations")
        self.projects = Collection(sender, "/v1/projects")
        self.apis = Apis(sender, "/v1/apis")
        self.customers = Customers(sender, "/v1/customers")
        self.applications = Collection(sender, "/v1/applications")
        self.plans = Plans(sender, "/v1/plans")
        self.subscriptions = Subscriptions(sender, "/v1/subscriptions")
        self.keys = Keys(sender, "/v1/keys")
        self.calendars = Calendars(sender, "/v1/calendars")
        self.secrets = Secrets(sender, "/v1/secrets")
        self.imports = Imports(sender, "/v1/imports")
        self.tokens = Tokens(sender, "/v1/tokens")
        self.usage = Usage(sender, "/v1/usage")
        self.requests = Requests(sender, "/v1/requests")
        self.alerts = Listing(sender, "/v1/alerts")
        self.audit = Audit(sender, "/v1/audit")
        self.changes = Changes(sender, "/v1/changes")
        self.webhooks = Webhooks(sender, "/v1/webhooks")
        self.declaration = Declaration(sender, "/v1")
