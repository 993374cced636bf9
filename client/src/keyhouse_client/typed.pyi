"""The resources with the types of their answers, for Client and for AsyncClient.

Written by `make client-shapes` from `resources.py` and the API's OpenAPI
document; not by hand. At run time both are `resources.Resources`.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Literal

from keyhouse_client import shapes
from keyhouse_client.answers import Page

class Organizations:
    """What can be read and changed."""

    def each(self) -> Iterator[shapes.Organization]:
        """All objects, page after page."""
    def get(self, id: str) -> shapes.Organization:
        """The object. Raises ProblemError with status 404 where there is none."""
    def list(
        self, *, limit: int | None = ..., cursor: str | None = ...
    ) -> Page[shapes.Organization]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        name: str | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
    ) -> shapes.Organization:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class Members:
    """Members of the organization, each by the person's id."""

    def delete(self, id: str) -> None:
        """End the membership, your own too; the keys that the person made stay."""
    def each(self) -> Iterator[shapes.Member]:
        """All objects, page after page."""
    def get(self, id: str) -> shapes.Member:
        """The object. Raises ProblemError with status 404 where there is none."""
    def list(
        self, *, limit: int | None = ..., cursor: str | None = ...
    ) -> Page[shapes.Member]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        role: Literal["owner", "admin", "developer", "viewer"],
    ) -> shapes.Member:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class Invitations:
    """Invitations to the organization. Their links are mailed, never told here."""

    def create(self, email: str, role: str) -> shapes.Invitation:
        """Invite somebody by mail; an earlier invitation to the address ends."""
    def delete(self, id: str) -> None:
        """Withdraw it: its link works no more."""
    def each(self) -> Iterator[shapes.Invitation]:
        """All objects, page after page."""
    def get(self, id: str) -> shapes.Invitation:
        """The invitation, and what has become of it."""
    def list(
        self, *, limit: int | None = ..., cursor: str | None = ...
    ) -> Page[shapes.Invitation]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""

class Projects:
    """What can also be created and deleted."""

    def create(self, *, name: str) -> shapes.Project:
        """A new object, as it then stands."""
    def delete(self, id: str) -> None:
        """Delete the object."""
    def each(self) -> Iterator[shapes.Project]:
        """All objects, page after page."""
    def get(self, id: str) -> shapes.Project:
        """The object. Raises ProblemError with status 404 where there is none."""
    def list(
        self, *, limit: int | None = ..., cursor: str | None = ...
    ) -> Page[shapes.Project]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        name: str | None = ...,
        disabled: bool | None = ...,
    ) -> shapes.Project:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class ApisHeaders:
    """Headers that the gateway adds toward an API's upstream. No answer tells a value."""

    def delete(self, name: str) -> None:
        """Have it added no more."""
    def each(self) -> Iterator[shapes.UpstreamHeader]:
        """All objects, page after page."""
    def get(self, name: str) -> shapes.UpstreamHeader:
        """When the header was set, and by whom."""
    def list(
        self, *, limit: int | None = ..., cursor: str | None = ...
    ) -> Page[shapes.UpstreamHeader]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    def set(self, name: str, value: str) -> shapes.UpstreamHeader:
        """Have it added, or replace its value."""

class ApisRoutes:
    """What can also be created and deleted."""

    def create(
        self,
        *,
        method: str,
        path: str,
        position: int | None = ...,
        scopes: Sequence[str] | None = ...,
        cost: int | None = ...,
        cost_from: Literal["route", "upstream"] | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
    ) -> shapes.Route:
        """A new object, as it then stands."""
    def delete(self, id: str) -> None:
        """Delete the object."""
    def each(self) -> Iterator[shapes.Route]:
        """All objects, page after page."""
    def get(self, id: str) -> shapes.Route:
        """The object. Raises ProblemError with status 404 where there is none."""
    def list(
        self, *, limit: int | None = ..., cursor: str | None = ...
    ) -> Page[shapes.Route]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        method: str | None = ...,
        path: str | None = ...,
        position: int | None = ...,
        scopes: Sequence[str] | None = ...,
        cost: int | None = ...,
        cost_from: Literal["route", "upstream"] | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
    ) -> shapes.Route:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class Apis:
    """APIs, named by id or slug, with their routes and headers for the upstream.

    `roles` of an API maps names to lists of its scopes; a key that holds one
    follows what the API says of it.
    """

    def create(
        self,
        *,
        name: str | None = ...,
        upstreams: Mapping[str, str] | None = ...,
        scopes: Sequence[str] | None = ...,
        roles: Mapping[str, Sequence[str]] | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        key_header: str | None = ...,
        query_parameter: str | None = ...,
        browser_keys: Literal["refuse", "flag"] | None = ...,
        cors_origins: Sequence[str] | None = ...,
        hosts: Sequence[str] | None = ...,
        prefix: Literal["strip", "keep"] | None = ...,
        identity: Literal["headers", "signed"] | None = ...,
        token_seconds_max: int | None = ...,
        user_limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        disabled: bool | None = ...,
        slug: str,
        project: str | None = ...,
    ) -> shapes.Api:
        """A new object, as it then stands."""
    def delete(self, id: str) -> None:
        """Delete the object."""
    def each(self, *, project: str | None = ...) -> Iterator[shapes.Api]:
        """All objects, page after page."""
    def get(self, id: str) -> shapes.Api:
        """The object. Raises ProblemError with status 404 where there is none."""
    def headers(self, api: str) -> ApisHeaders:
        """The headers that the gateway adds for one API."""
    def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        project: str | None = ...,
    ) -> Page[shapes.Api]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    def routes(self, api: str) -> ApisRoutes:
        """The routes of one API."""
    def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        name: str | None = ...,
        upstreams: Mapping[str, str] | None = ...,
        scopes: Sequence[str] | None = ...,
        roles: Mapping[str, Sequence[str]] | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        key_header: str | None = ...,
        query_parameter: str | None = ...,
        browser_keys: Literal["refuse", "flag"] | None = ...,
        cors_origins: Sequence[str] | None = ...,
        hosts: Sequence[str] | None = ...,
        prefix: Literal["strip", "keep"] | None = ...,
        identity: Literal["headers", "signed"] | None = ...,
        token_seconds_max: int | None = ...,
        user_limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        disabled: bool | None = ...,
    ) -> shapes.Api:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class CustomersCredits:
    """A ledger of credits: entries are added, and never changed or deleted."""

    def create(self, amount: int, kind: str, *, note: str = ...) -> shapes.Credit:
        """Add `amount` units, or take some with an amount below 0.

        `kind` is purchase, grant, adjustment or refund.
        """
    def each(self) -> Iterator[shapes.Credit]:
        """All objects, page after page."""
    def get(self, id: str) -> shapes.Credit:
        """One entry."""
    def list(
        self, *, limit: int | None = ..., cursor: str | None = ...
    ) -> Page[shapes.Credit]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""

class Customers:
    """Customers, each with a balance of credits and its ledger."""

    def balance(self, id: str) -> shapes.Balance:
        """What is left of its credits."""
    def create(
        self,
        *,
        external_id: str,
        name: str | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        metadata: Mapping[str, Any] | None = ...,
        prepaid: bool | None = ...,
        disabled: bool | None = ...,
        project: str | None = ...,
    ) -> shapes.Customer:
        """A new object, as it then stands."""
    def credits(self, id: str) -> CustomersCredits:
        """The ledger of its credits."""
    def delete(self, id: str) -> None:
        """Delete the object."""
    def each(
        self, *, project: str | None = ..., external_id: str | None = ...
    ) -> Iterator[shapes.Customer]:
        """All objects, page after page."""
    def get(self, id: str) -> shapes.Customer:
        """The object. Raises ProblemError with status 404 where there is none."""
    def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        project: str | None = ...,
        external_id: str | None = ...,
    ) -> Page[shapes.Customer]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        external_id: str | None = ...,
        name: str | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        metadata: Mapping[str, Any] | None = ...,
        prepaid: bool | None = ...,
        disabled: bool | None = ...,
    ) -> shapes.Customer:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class Applications:
    """What can also be created and deleted."""

    def create(
        self,
        *,
        name: str,
        external_id: str | None = ...,
        purpose: str | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        rotation: shapes.ScheduleBody | Mapping[str, Any] | None = ...,
        customer: str | None = ...,
        project: str | None = ...,
    ) -> shapes.Application:
        """A new object, as it then stands."""
    def delete(self, id: str) -> None:
        """Delete the object."""
    def each(
        self, *, project: str | None = ..., external_id: str | None = ...
    ) -> Iterator[shapes.Application]:
        """All objects, page after page."""
    def get(self, id: str) -> shapes.Application:
        """The object. Raises ProblemError with status 404 where there is none."""
    def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        project: str | None = ...,
        external_id: str | None = ...,
    ) -> Page[shapes.Application]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        name: str | None = ...,
        external_id: str | None = ...,
        purpose: str | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        rotation: shapes.ScheduleBody | Mapping[str, Any] | None = ...,
        customer: str | None = ...,
        disabled: bool | None = ...,
    ) -> shapes.Application:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class PlansVersions:
    """What can be listed. Filters are those of the resource's reference page."""

    def each(self) -> Iterator[shapes.PlanVersion]:
        """All objects, page after page."""
    def list(
        self, *, limit: int | None = ..., cursor: str | None = ...
    ) -> Page[shapes.PlanVersion]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""

class Plans:
    """Plans: which APIs they open, how fast and how much, each as a version."""

    def create(
        self,
        *,
        slug: str,
        name: str | None = ...,
        description: str | None = ...,
        visibility: Literal["private", "public"] | None = ...,
        approval: Literal["automatic", "manual"] | None = ...,
        retired: bool | None = ...,
        rotation: shapes.ScheduleBody | Mapping[str, Any] | None = ...,
        access: Sequence[shapes.PlanAccessBody | Mapping[str, Any]],
        limits: Sequence[shapes.PlanLimitBody | Mapping[str, Any]] | None = ...,
        routes: Sequence[shapes.PlanRouteBody | Mapping[str, Any]] | None = ...,
        project: str | None = ...,
    ) -> shapes.Plan:
        """A new object, as it then stands."""
    def delete(self, id: str) -> None:
        """Delete the object."""
    def each(
        self, *, project: str | None = ..., slug: str | None = ...
    ) -> Iterator[shapes.Plan]:
        """All objects, page after page."""
    def get(self, id: str) -> shapes.Plan:
        """The object. Raises ProblemError with status 404 where there is none."""
    def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        project: str | None = ...,
        slug: str | None = ...,
    ) -> Page[shapes.Plan]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        slug: str | None = ...,
        name: str | None = ...,
        description: str | None = ...,
        visibility: Literal["private", "public"] | None = ...,
        approval: Literal["automatic", "manual"] | None = ...,
        retired: bool | None = ...,
        rotation: shapes.ScheduleBody | Mapping[str, Any] | None = ...,
        access: Sequence[shapes.PlanAccessBody | Mapping[str, Any]] | None = ...,
        limits: Sequence[shapes.PlanLimitBody | Mapping[str, Any]] | None = ...,
        routes: Sequence[shapes.PlanRouteBody | Mapping[str, Any]] | None = ...,
        applies: Literal["now", "next_window"] | None = ...,
    ) -> shapes.Plan:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """
    def versions(self, id: str) -> PlansVersions:
        """All that one plan ever held, the newest version first."""

class Subscriptions:
    """Subscriptions of applications to plans.

    Filters of lists: `side` ("provider", those to your plans, or "consumer", those
    of your applications), plan, application, state. `update` changes
    `overrides`, the limits that one subscriber has of its own.
    """

    def approve(self, id: str) -> shapes.Subscription:
        """Let a pending subscription open what its plan does; for the provider."""
    def create(self, plan: str, application: str) -> shapes.Subscription:
        """Subscribe an application to a plan, each by its id."""
    def each(
        self,
        *,
        side: Literal["provider", "consumer"] | None = ...,
        plan: str | None = ...,
        application: str | None = ...,
        state: Literal["pending", "active", "suspended", "ended"] | None = ...,
    ) -> Iterator[shapes.Subscription]:
        """All objects, page after page."""
    def end(self, id: str) -> shapes.Subscription:
        """End it for good; for either side."""
    def get(self, id: str) -> shapes.Subscription:
        """The object. Raises ProblemError with status 404 where there is none."""
    def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        side: Literal["provider", "consumer"] | None = ...,
        plan: str | None = ...,
        application: str | None = ...,
        state: Literal["pending", "active", "suspended", "ended"] | None = ...,
    ) -> Page[shapes.Subscription]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    def move(self, id: str, plan: str, *, applies: str = ...) -> shapes.Subscription:
        """Move it to another plan of the same provider; what was used stays used.

        With `applies="next_window"` each quota keeps its old amount up to the
        end of its window.
        """
    def resume(self, id: str) -> shapes.Subscription:
        """Undo `suspend`; for the provider."""
    def suspend(self, id: str) -> shapes.Subscription:
        """Refuse the application's keys there until `resume`; for the provider."""
    def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        overrides: Sequence[shapes.OverrideBody | Mapping[str, Any]] | None = ...,
    ) -> shapes.Subscription:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class Keys:
    """Keys. A secret is in the answer of `create` or `rotate` and nowhere else."""

    def create(
        self,
        name: str,
        access: Sequence[Mapping[str, Any]],
        *,
        idempotency_key: str | None = ...,
        application: str | shapes.ApplicationNamed | Mapping[str, Any] | None = ...,
        project: str | None = ...,
        environment: Literal["live", "test"] | None = ...,
        kind: Literal["server", "publishable", "management"] | None = ...,
        restrictions: shapes.RestrictionsBody | Mapping[str, Any] | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        starts_at: str | None = ...,
        ends_at: str | None = ...,
        metadata: Mapping[str, Any] | None = ...,
        rotation: shapes.ScheduleBody | Mapping[str, Any] | None = ...,
        owner: str | None = ...,
        purpose: str | None = ...,
        tags: Sequence[str] | None = ...,
    ) -> shapes.KeyCreated:
        """A new key with `access`, as `[{"api": "weather", "scopes": ["pages:read"]}]`.

        An entry may name `roles` of the API beside or instead of scopes.
        `fields`: application, environment, kind, restrictions, limits, rotation,
        starts_at, ends_at, metadata, owner, purpose, tags. With an
        `idempotency_key` of your own a second call gives the same key, and
        `"secret": None`.
        """
    def create_many(
        self, keys: Sequence[Mapping[str, Any]], *, idempotency_key: str | None = ...
    ) -> shapes.KeysCreated:
        """Up to 100 new keys, all or none: `{"data": [...]}` in their order.

        Each is given as an object with `name`, `access` and the fields of `create`.
        """
    def delete(self, id: str) -> None:
        """Put the key away; for 30 days `restore` brings it back."""
    def disable(self, id: str) -> shapes.Key:
        """Refuse the key until it is enabled again."""
    def due(self, *, within_days: int = ...) -> Iterator[shapes.Due]:
        """Keys whose secret is due within so many days or overdue, and that end."""
    def each(
        self,
        *,
        name: str | None = ...,
        application: str | None = ...,
        api: str | None = ...,
        state: Literal[
            "active", "disabled", "revoked", "expired", "not_yet_valid", "deleted"
        ]
        | None = ...,
        environment: Literal["live", "test"] | None = ...,
        project: str | None = ...,
        kind: Literal["server", "publishable", "management"] | None = ...,
        owner: str | None = ...,
        customer: str | None = ...,
        tag: Sequence[str] | None = ...,
        created_since: str | None = ...,
        used_since: str | None = ...,
        unused_since: str | None = ...,
        never_used: bool | None = ...,
        search: str | None = ...,
        import_id: str | None = ...,
    ) -> Iterator[shapes.Key]:
        """All objects, page after page."""
    def enable(self, id: str) -> shapes.Key:
        """Undo `disable`."""
    def end_secret(self, id: str, secret_id: str) -> None:
        """Refuse one of the key's secrets from now on; the last that works stays."""
    def explain(
        self,
        id: str,
        *,
        api: str | None = ...,
        address: str | None = ...,
        method: str | None = ...,
        path: str | None = ...,
        referrer: str | None = ...,
        origin: str | None = ...,
        app: str | None = ...,
        tls: bool | None = ...,
        environment: Literal["live", "test"] | None = ...,
        scopes: Sequence[str] | None = ...,
        cost: int | None = ...,
        secret_version: int | None = ...,
        token: shapes.ClaimsBody | Mapping[str, Any] | None = ...,
    ) -> shapes.Explanation:
        """Every reason why a request with the key would be refused; nothing is spent.

        `request`: address, method, path, referrer, origin, app, tls,
        environment, scopes, cost, secret_version, each as far as it is known, and
        `token`, the claims of a user's token that the key minted: {"sub": "alice"}.
        `api` is needed for a key that opens several. Each of `checks` has an
        `outcome`; those `refused` say in `found` why, in `mend` what to do.
        """
    def find(self, secret: str) -> shapes.Key:
        """The key that a whole secret belongs to; an old secret's too."""
    def get(self, id: str) -> shapes.Key:
        """The object. Raises ProblemError with status 404 where there is none."""
    def limits(self, id: str) -> Page[shapes.LimitLeft]:
        """The limits that count for the key, and what is left of its quotas."""
    def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        name: str | None = ...,
        application: str | None = ...,
        api: str | None = ...,
        state: Literal[
            "active", "disabled", "revoked", "expired", "not_yet_valid", "deleted"
        ]
        | None = ...,
        environment: Literal["live", "test"] | None = ...,
        project: str | None = ...,
        kind: Literal["server", "publishable", "management"] | None = ...,
        owner: str | None = ...,
        customer: str | None = ...,
        tag: Sequence[str] | None = ...,
        created_since: str | None = ...,
        used_since: str | None = ...,
        unused_since: str | None = ...,
        never_used: bool | None = ...,
        search: str | None = ...,
        import_id: str | None = ...,
    ) -> Page[shapes.Key]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    def networks(self, id: str) -> Page[shapes.Network]:
        """The networks that its calls were let through from, the last seen first."""
    def restore(self, id: str) -> shapes.Key:
        """Undo `delete`."""
    def revoke(self, id: str) -> shapes.Key:
        """Refuse the key for ever."""
    def revoke_all(
        self,
        *,
        application: str | None = ...,
        customer: str | None = ...,
        owner: str | None = ...,
        project: str | None = ...,
        dry_run: bool = ...,
        expected: int | None = ...,
    ) -> shapes.Revoked:
        """Refuse all keys of one application, customer, owner or project for ever.

        With `expected`, only if there are so many. The same call again does the
        rest where one broke off. Tells `matched` and `revoked`.
        """
    def roll_back(self, id: str) -> shapes.Key:
        """Take the last rotation back, while what it replaced still works."""
    def rotate(
        self,
        id: str,
        overlap_seconds: int | Literal["usual"] | None = ...,
        *,
        on_first_use: bool = ...,
        idempotency_key: str | None = ...,
    ) -> shapes.KeyCreated:
        """Give the key a new secret, which is in this answer and nowhere else.

        The older secrets work for `overlap_seconds` more at most; with 0 they
        are refused at once, with None not before `end_secret`. The usual
        overlap is that of the key's rotation. It begins now, or `on_first_use`
        of the new secret. Id, limits and counts stay.
        """
    def rotation(self, id: str) -> shapes.Rotation:
        """How the key's rotation stands: which secrets work, and who uses each."""
    def secrets(self, id: str) -> Page[shapes.Secret]:
        """The key's secrets: their hints, states and times, never the strings."""
    def transfer(self, id: str, application: str) -> shapes.Key:
        """Give the key to another application, and to that one's project."""
    def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        name: str | None = ...,
        access: Sequence[shapes.AccessBody | Mapping[str, Any]] | None = ...,
        restrictions: shapes.RestrictionsBody | Mapping[str, Any] | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        starts_at: str | None = ...,
        ends_at: str | None = ...,
        metadata: Mapping[str, Any] | None = ...,
        rotation: shapes.ScheduleBody | Mapping[str, Any] | None = ...,
        owner: str | None = ...,
        purpose: str | None = ...,
        tags: Sequence[str] | None = ...,
    ) -> shapes.Key:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class Calendars:
    """Calendars of what is due, for programs that read iCalendar."""

    def create(self, name: str) -> shapes.CalendarCreated:
        """A new calendar; its address is `secret` in this answer and nowhere else."""
    def delete(self, id: str) -> None:
        """Close its address."""
    def each(self) -> Iterator[shapes.Calendar]:
        """All objects, page after page."""
    def get(self, id: str) -> shapes.Calendar:
        """One calendar, without its address."""
    def list(
        self, *, limit: int | None = ..., cursor: str | None = ...
    ) -> Page[shapes.Calendar]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""

class Secrets:
    """Secrets by themselves, whosever they are."""

    def revoke(self, secret: str) -> shapes.SecretDone:
        """Refuse a secret from now on, if it is one; the answer does not tell.

        Whoever holds it may, and needs no key for it.
        """

class Imports:
    """Imports of keys from other systems: begun, fed part by part, finished.

    Their keys are there for nobody before the import's `state` is `done`.
    """

    def add_part(
        self, id: str, part: int, text: str, *, line: int | None = ...
    ) -> shapes.Import:
        """Send part number `part`, from 1: at most 500 rows, CSV with its header.

        `line` is where its rows begin in the file, for what is told of them. A
        part that is in already changes nothing; go on behind `parts`.
        """
    def cancel(self, id: str) -> shapes.Import:
        """Have it be undone; one that is done stays."""
    def create(
        self,
        format: str,
        *,
        access: Sequence[shapes.ImportAccessBody | Mapping[str, Any]] | None = ...,
        environment: Literal["live", "test"] | None = ...,
        application: str | shapes.ApplicationNamed | Mapping[str, Any] | None = ...,
        project: str | None = ...,
        fail_on_warnings: bool | None = ...,
        dry_run: bool | None = ...,
        text: str | None = ...,
    ) -> shapes.Import:
        """Begin an import. `format` is aws, csv or json.

        `fields`: access, environment, application, project, fail_on_warnings,
        dry_run. With `text`, a whole file of at most 500 rows, it is done at once.
        """
    def each(self, *, project: str | None = ...) -> Iterator[shapes.Import]:
        """All objects, page after page."""
    def finish(self, id: str) -> shapes.Import:
        """Have all its keys be there at once, or be undone where it asked for that."""
    def get(self, id: str) -> shapes.Import:
        """How far it is, and what was wrong with which line of its file."""
    def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        project: str | None = ...,
    ) -> Page[shapes.Import]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""

class Tokens:
    """Tokens of users: refused before their time. They are minted at the gateway."""

    def revoke(
        self,
        application: str,
        *,
        token: str | None = ...,
        session: str | None = ...,
        user: str | None = ...,
        key: str | None = ...,
        all: bool = ...,
    ) -> shapes.TokensRevoked:
        """Refuse tokens of an application that were issued so far, exactly one of:

        a `token` (itself or its `jti`), all of a `session`, `user` or `key`, or all
        of the application.
        """

class Usage:
    """What was counted, by step of time; a page has up to 10,000 rows."""

    def each(
        self,
        *,
        since: str | None = ...,
        until: str | None = ...,
        step: Literal["minute", "hour", "day", "month"] | None = ...,
        time_zone: str | None = ...,
        group_by: str | None = ...,
        key: str | None = ...,
        api: str | None = ...,
        application: str | None = ...,
        environment: Literal["live", "test"] | None = ...,
    ) -> Iterator[shapes.Usage]:
        """All objects, page after page."""
    def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        since: str | None = ...,
        until: str | None = ...,
        step: Literal["minute", "hour", "day", "month"] | None = ...,
        time_zone: str | None = ...,
        group_by: str | None = ...,
        key: str | None = ...,
        api: str | None = ...,
        application: str | None = ...,
        environment: Literal["live", "test"] | None = ...,
    ) -> Page[shapes.Usage]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    def unknown_keys(
        self, *, since: str | None = ..., until: str | None = ..., api: str | None = ...
    ) -> Page[shapes.UnknownKeys]:
        """Where keys were tried that are not known, the most attempts first.

        `filters`: since, until (whole days, UTC; the last day without them), api.
        """
    def users(
        self,
        *,
        since: str | None = ...,
        until: str | None = ...,
        api: str | None = ...,
        key: str | None = ...,
    ) -> Page[shapes.UserUsage]:
        """Which users call most, by API and verdict, the most requests first.

        `filters`: since, until (whole days, UTC; the last day without them), api, key.
        """

class Requests:
    """The request log, the newest first."""

    def each(
        self,
        *,
        key: str | None = ...,
        api: str | None = ...,
        application: str | None = ...,
        verdict: str | None = ...,
    ) -> Iterator[shapes.Request]:
        """All objects, page after page."""
    def explain(self, id: str) -> shapes.Explanation:
        """What a request came to and why, by the Keyhouse-Request-Id of its answer,

        and what it would come to now. It is in the log a second or two after.
        """
    def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        key: str | None = ...,
        api: str | None = ...,
        application: str | None = ...,
        verdict: str | None = ...,
    ) -> Page[shapes.Request]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""

class Alerts:
    """What can be listed. Filters are those of the resource's reference page."""

    def each(
        self, *, key: str | None = ..., kind: str | None = ...
    ) -> Iterator[shapes.Alert]:
        """All objects, page after page."""
    def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        key: str | None = ...,
        kind: str | None = ...,
    ) -> Page[shapes.Alert]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""

class Audit:
    """Who changed what, the newest first."""

    def each(
        self,
        *,
        subject: str | None = ...,
        actor: str | None = ...,
        action: str | None = ...,
        since: str | None = ...,
        until: str | None = ...,
    ) -> Iterator[shapes.Audit]:
        """All objects, page after page."""
    def export(
        self, *, after: str | None = ..., since: str | None = ..., until: str | None = ...
    ) -> Iterator[shapes.Audit]:
        """All of it, the oldest row first, as one stream.

        `filters`: since, until. Where it breaks off, it goes on behind the id
        of the last row with that as `after`.
        """
    def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        subject: str | None = ...,
        actor: str | None = ...,
        action: str | None = ...,
        since: str | None = ...,
        until: str | None = ...,
    ) -> Page[shapes.Audit]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""

class Changes:
    """Changes by their number, as `Answer.change_seq` tells it."""

    def get(self, seq: int, *, wait_seconds: float | None = ...) -> shapes.Change:
        """Whether the change is in force everywhere, and who is waited for.

        With `wait_seconds`, at most 30, the answer comes once it is, or then.
        """

class WebhooksDeliveries:
    """What was sent to an endpoint, or is to be sent; filter: state."""

    def each(self, *, state: str | None = ...) -> Iterator[shapes.Delivery]:
        """All objects, page after page."""
    def get(self, id: str) -> shapes.Delivery:
        """One delivery, and what came of its last attempt."""
    def list(
        self, *, limit: int | None = ..., cursor: str | None = ..., state: str | None = ...
    ) -> Page[shapes.Delivery]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    def replay(self, id: str) -> shapes.Delivery:
        """Have the same event sent once more; the new delivery."""

class Webhooks:
    """Endpoints that are told of events.

    A secret is in the answer of `create` or `rotate_secret` and nowhere else;
    `verify_webhook` takes it.
    """

    def create(
        self,
        url: str,
        events: Sequence[str],
        *,
        name: str | None = ...,
        project: str | None = ...,
    ) -> shapes.WebhookMade:
        """A new endpoint; `events` are kinds, or `["*"]`. `fields`: name, project."""
    def delete(self, id: str) -> None:
        """Delete it; what was on its way to it is sent no more."""
    def deliveries(self, id: str) -> WebhooksDeliveries:
        """What was sent to it, the newest first."""
    def each(self, *, project: str | None = ...) -> Iterator[shapes.Webhook]:
        """All objects, page after page."""
    def get(self, id: str) -> shapes.Webhook:
        """The object. Raises ProblemError with status 404 where there is none."""
    def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        project: str | None = ...,
    ) -> Page[shapes.Webhook]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    def rotate_secret(self, id: str, overlap_seconds: int) -> shapes.WebhookMade:
        """Give it a new secret; for the overlap the older one signs as well."""
    def test(self, id: str) -> shapes.Delivery:
        """Have an event of the type `webhook.test` sent; the delivery."""
    def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        url: str | None = ...,
        events: Sequence[str] | None = ...,
        name: str | None = ...,
        disabled: bool | None = ...,
    ) -> shapes.Webhook:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class Declaration:
    """Things as a file says: a document of them, and one that is to be so."""

    def apply(
        self,
        document: Mapping[str, Any],
        *,
        dry_run: bool = ...,
        prune: bool = ...,
        plan: str | None = ...,
        idempotency_key: str | None = ...,
    ) -> shapes.Applied:
        """Have things be as the document says; `prune` takes away what it leaves out.

        With `dry_run` the `steps` are told, and nothing is done; the answer's
        `plan`, sent with a second call, has those steps done and no others.
        `secrets` of new keys are in this answer and nowhere else. Look at
        `complete`: of a long plan only a part may have been done.
        """
    def export(
        self, *, project: str | None = ..., only: Sequence[str] = ...
    ) -> shapes.Declaration:
        """The document of one project, by id or name, or of the whole organization.

        `only` names some of its sections: projects, apis, plans, customers,
        applications, subscriptions, keys, webhooks. No secret is in it.
        """

class Resources:
    """All resources of the management API, for Client."""
    def __init__(self, sender: object) -> None: ...
    organizations: Organizations
    members: Members
    invitations: Invitations
    projects: Projects
    apis: Apis
    customers: Customers
    applications: Applications
    plans: Plans
    subscriptions: Subscriptions
    keys: Keys
    calendars: Calendars
    secrets: Secrets
    imports: Imports
    tokens: Tokens
    usage: Usage
    requests: Requests
    alerts: Alerts
    audit: Audit
    changes: Changes
    webhooks: Webhooks
    declaration: Declaration

class AsyncOrganizations:
    """What can be read and changed."""

    def each(self) -> AsyncIterator[shapes.Organization]:
        """All objects, page after page."""
    async def get(self, id: str) -> shapes.Organization:
        """The object. Raises ProblemError with status 404 where there is none."""
    async def list(
        self, *, limit: int | None = ..., cursor: str | None = ...
    ) -> Page[shapes.Organization]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    async def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        name: str | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
    ) -> shapes.Organization:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class AsyncMembers:
    """Members of the organization, each by the person's id."""

    async def delete(self, id: str) -> None:
        """End the membership, your own too; the keys that the person made stay."""
    def each(self) -> AsyncIterator[shapes.Member]:
        """All objects, page after page."""
    async def get(self, id: str) -> shapes.Member:
        """The object. Raises ProblemError with status 404 where there is none."""
    async def list(
        self, *, limit: int | None = ..., cursor: str | None = ...
    ) -> Page[shapes.Member]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    async def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        role: Literal["owner", "admin", "developer", "viewer"],
    ) -> shapes.Member:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class AsyncInvitations:
    """Invitations to the organization. Their links are mailed, never told here."""

    async def create(self, email: str, role: str) -> shapes.Invitation:
        """Invite somebody by mail; an earlier invitation to the address ends."""
    async def delete(self, id: str) -> None:
        """Withdraw it: its link works no more."""
    def each(self) -> AsyncIterator[shapes.Invitation]:
        """All objects, page after page."""
    async def get(self, id: str) -> shapes.Invitation:
        """The invitation, and what has become of it."""
    async def list(
        self, *, limit: int | None = ..., cursor: str | None = ...
    ) -> Page[shapes.Invitation]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""

class AsyncProjects:
    """What can also be created and deleted."""

    async def create(self, *, name: str) -> shapes.Project:
        """A new object, as it then stands."""
    async def delete(self, id: str) -> None:
        """Delete the object."""
    def each(self) -> AsyncIterator[shapes.Project]:
        """All objects, page after page."""
    async def get(self, id: str) -> shapes.Project:
        """The object. Raises ProblemError with status 404 where there is none."""
    async def list(
        self, *, limit: int | None = ..., cursor: str | None = ...
    ) -> Page[shapes.Project]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    async def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        name: str | None = ...,
        disabled: bool | None = ...,
    ) -> shapes.Project:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class AsyncApisHeaders:
    """Headers that the gateway adds toward an API's upstream. No answer tells a value."""

    async def delete(self, name: str) -> None:
        """Have it added no more."""
    def each(self) -> AsyncIterator[shapes.UpstreamHeader]:
        """All objects, page after page."""
    async def get(self, name: str) -> shapes.UpstreamHeader:
        """When the header was set, and by whom."""
    async def list(
        self, *, limit: int | None = ..., cursor: str | None = ...
    ) -> Page[shapes.UpstreamHeader]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    async def set(self, name: str, value: str) -> shapes.UpstreamHeader:
        """Have it added, or replace its value."""

class AsyncApisRoutes:
    """What can also be created and deleted."""

    async def create(
        self,
        *,
        method: str,
        path: str,
        position: int | None = ...,
        scopes: Sequence[str] | None = ...,
        cost: int | None = ...,
        cost_from: Literal["route", "upstream"] | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
    ) -> shapes.Route:
        """A new object, as it then stands."""
    async def delete(self, id: str) -> None:
        """Delete the object."""
    def each(self) -> AsyncIterator[shapes.Route]:
        """All objects, page after page."""
    async def get(self, id: str) -> shapes.Route:
        """The object. Raises ProblemError with status 404 where there is none."""
    async def list(
        self, *, limit: int | None = ..., cursor: str | None = ...
    ) -> Page[shapes.Route]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    async def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        method: str | None = ...,
        path: str | None = ...,
        position: int | None = ...,
        scopes: Sequence[str] | None = ...,
        cost: int | None = ...,
        cost_from: Literal["route", "upstream"] | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
    ) -> shapes.Route:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class AsyncApis:
    """APIs, named by id or slug, with their routes and headers for the upstream.

    `roles` of an API maps names to lists of its scopes; a key that holds one
    follows what the API says of it.
    """

    async def create(
        self,
        *,
        name: str | None = ...,
        upstreams: Mapping[str, str] | None = ...,
        scopes: Sequence[str] | None = ...,
        roles: Mapping[str, Sequence[str]] | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        key_header: str | None = ...,
        query_parameter: str | None = ...,
        browser_keys: Literal["refuse", "flag"] | None = ...,
        cors_origins: Sequence[str] | None = ...,
        hosts: Sequence[str] | None = ...,
        prefix: Literal["strip", "keep"] | None = ...,
        identity: Literal["headers", "signed"] | None = ...,
        token_seconds_max: int | None = ...,
        user_limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        disabled: bool | None = ...,
        slug: str,
        project: str | None = ...,
    ) -> shapes.Api:
        """A new object, as it then stands."""
    async def delete(self, id: str) -> None:
        """Delete the object."""
    def each(self, *, project: str | None = ...) -> AsyncIterator[shapes.Api]:
        """All objects, page after page."""
    async def get(self, id: str) -> shapes.Api:
        """The object. Raises ProblemError with status 404 where there is none."""
    def headers(self, api: str) -> AsyncApisHeaders:
        """The headers that the gateway adds for one API."""
    async def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        project: str | None = ...,
    ) -> Page[shapes.Api]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    def routes(self, api: str) -> AsyncApisRoutes:
        """The routes of one API."""
    async def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        name: str | None = ...,
        upstreams: Mapping[str, str] | None = ...,
        scopes: Sequence[str] | None = ...,
        roles: Mapping[str, Sequence[str]] | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        key_header: str | None = ...,
        query_parameter: str | None = ...,
        browser_keys: Literal["refuse", "flag"] | None = ...,
        cors_origins: Sequence[str] | None = ...,
        hosts: Sequence[str] | None = ...,
        prefix: Literal["strip", "keep"] | None = ...,
        identity: Literal["headers", "signed"] | None = ...,
        token_seconds_max: int | None = ...,
        user_limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        disabled: bool | None = ...,
    ) -> shapes.Api:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class AsyncCustomersCredits:
    """A ledger of credits: entries are added, and never changed or deleted."""

    async def create(self, amount: int, kind: str, *, note: str = ...) -> shapes.Credit:
        """Add `amount` units, or take some with an amount below 0.

        `kind` is purchase, grant, adjustment or refund.
        """
    def each(self) -> AsyncIterator[shapes.Credit]:
        """All objects, page after page."""
    async def get(self, id: str) -> shapes.Credit:
        """One entry."""
    async def list(
        self, *, limit: int | None = ..., cursor: str | None = ...
    ) -> Page[shapes.Credit]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""

class AsyncCustomers:
    """Customers, each with a balance of credits and its ledger."""

    async def balance(self, id: str) -> shapes.Balance:
        """What is left of its credits."""
    async def create(
        self,
        *,
        external_id: str,
        name: str | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        metadata: Mapping[str, Any] | None = ...,
        prepaid: bool | None = ...,
        disabled: bool | None = ...,
        project: str | None = ...,
    ) -> shapes.Customer:
        """A new object, as it then stands."""
    def credits(self, id: str) -> AsyncCustomersCredits:
        """The ledger of its credits."""
    async def delete(self, id: str) -> None:
        """Delete the object."""
    def each(
        self, *, project: str | None = ..., external_id: str | None = ...
    ) -> AsyncIterator[shapes.Customer]:
        """All objects, page after page."""
    async def get(self, id: str) -> shapes.Customer:
        """The object. Raises ProblemError with status 404 where there is none."""
    async def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        project: str | None = ...,
        external_id: str | None = ...,
    ) -> Page[shapes.Customer]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    async def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        external_id: str | None = ...,
        name: str | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        metadata: Mapping[str, Any] | None = ...,
        prepaid: bool | None = ...,
        disabled: bool | None = ...,
    ) -> shapes.Customer:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class AsyncApplications:
    """What can also be created and deleted."""

    async def create(
        self,
        *,
        name: str,
        external_id: str | None = ...,
        purpose: str | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        rotation: shapes.ScheduleBody | Mapping[str, Any] | None = ...,
        customer: str | None = ...,
        project: str | None = ...,
    ) -> shapes.Application:
        """A new object, as it then stands."""
    async def delete(self, id: str) -> None:
        """Delete the object."""
    def each(
        self, *, project: str | None = ..., external_id: str | None = ...
    ) -> AsyncIterator[shapes.Application]:
        """All objects, page after page."""
    async def get(self, id: str) -> shapes.Application:
        """The object. Raises ProblemError with status 404 where there is none."""
    async def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        project: str | None = ...,
        external_id: str | None = ...,
    ) -> Page[shapes.Application]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    async def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        name: str | None = ...,
        external_id: str | None = ...,
        purpose: str | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        rotation: shapes.ScheduleBody | Mapping[str, Any] | None = ...,
        customer: str | None = ...,
        disabled: bool | None = ...,
    ) -> shapes.Application:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class AsyncPlansVersions:
    """What can be listed. Filters are those of the resource's reference page."""

    def each(self) -> AsyncIterator[shapes.PlanVersion]:
        """All objects, page after page."""
    async def list(
        self, *, limit: int | None = ..., cursor: str | None = ...
    ) -> Page[shapes.PlanVersion]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""

class AsyncPlans:
    """Plans: which APIs they open, how fast and how much, each as a version."""

    async def create(
        self,
        *,
        slug: str,
        name: str | None = ...,
        description: str | None = ...,
        visibility: Literal["private", "public"] | None = ...,
        approval: Literal["automatic", "manual"] | None = ...,
        retired: bool | None = ...,
        rotation: shapes.ScheduleBody | Mapping[str, Any] | None = ...,
        access: Sequence[shapes.PlanAccessBody | Mapping[str, Any]],
        limits: Sequence[shapes.PlanLimitBody | Mapping[str, Any]] | None = ...,
        routes: Sequence[shapes.PlanRouteBody | Mapping[str, Any]] | None = ...,
        project: str | None = ...,
    ) -> shapes.Plan:
        """A new object, as it then stands."""
    async def delete(self, id: str) -> None:
        """Delete the object."""
    def each(
        self, *, project: str | None = ..., slug: str | None = ...
    ) -> AsyncIterator[shapes.Plan]:
        """All objects, page after page."""
    async def get(self, id: str) -> shapes.Plan:
        """The object. Raises ProblemError with status 404 where there is none."""
    async def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        project: str | None = ...,
        slug: str | None = ...,
    ) -> Page[shapes.Plan]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    async def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        slug: str | None = ...,
        name: str | None = ...,
        description: str | None = ...,
        visibility: Literal["private", "public"] | None = ...,
        approval: Literal["automatic", "manual"] | None = ...,
        retired: bool | None = ...,
        rotation: shapes.ScheduleBody | Mapping[str, Any] | None = ...,
        access: Sequence[shapes.PlanAccessBody | Mapping[str, Any]] | None = ...,
        limits: Sequence[shapes.PlanLimitBody | Mapping[str, Any]] | None = ...,
        routes: Sequence[shapes.PlanRouteBody | Mapping[str, Any]] | None = ...,
        applies: Literal["now", "next_window"] | None = ...,
    ) -> shapes.Plan:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """
    def versions(self, id: str) -> AsyncPlansVersions:
        """All that one plan ever held, the newest version first."""

class AsyncSubscriptions:
    """Subscriptions of applications to plans.

    Filters of lists: `side` ("provider", those to your plans, or "consumer", those
    of your applications), plan, application, state. `update` changes
    `overrides`, the limits that one subscriber has of its own.
    """

    async def approve(self, id: str) -> shapes.Subscription:
        """Let a pending subscription open what its plan does; for the provider."""
    async def create(self, plan: str, application: str) -> shapes.Subscription:
        """Subscribe an application to a plan, each by its id."""
    def each(
        self,
        *,
        side: Literal["provider", "consumer"] | None = ...,
        plan: str | None = ...,
        application: str | None = ...,
        state: Literal["pending", "active", "suspended", "ended"] | None = ...,
    ) -> AsyncIterator[shapes.Subscription]:
        """All objects, page after page."""
    async def end(self, id: str) -> shapes.Subscription:
        """End it for good; for either side."""
    async def get(self, id: str) -> shapes.Subscription:
        """The object. Raises ProblemError with status 404 where there is none."""
    async def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        side: Literal["provider", "consumer"] | None = ...,
        plan: str | None = ...,
        application: str | None = ...,
        state: Literal["pending", "active", "suspended", "ended"] | None = ...,
    ) -> Page[shapes.Subscription]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    async def move(self, id: str, plan: str, *, applies: str = ...) -> shapes.Subscription:
        """Move it to another plan of the same provider; what was used stays used.

        With `applies="next_window"` each quota keeps its old amount up to the
        end of its window.
        """
    async def resume(self, id: str) -> shapes.Subscription:
        """Undo `suspend`; for the provider."""
    async def suspend(self, id: str) -> shapes.Subscription:
        """Refuse the application's keys there until `resume`; for the provider."""
    async def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        overrides: Sequence[shapes.OverrideBody | Mapping[str, Any]] | None = ...,
    ) -> shapes.Subscription:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class AsyncKeys:
    """Keys. A secret is in the answer of `create` or `rotate` and nowhere else."""

    async def create(
        self,
        name: str,
        access: Sequence[Mapping[str, Any]],
        *,
        idempotency_key: str | None = ...,
        application: str | shapes.ApplicationNamed | Mapping[str, Any] | None = ...,
        project: str | None = ...,
        environment: Literal["live", "test"] | None = ...,
        kind: Literal["server", "publishable", "management"] | None = ...,
        restrictions: shapes.RestrictionsBody | Mapping[str, Any] | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        starts_at: str | None = ...,
        ends_at: str | None = ...,
        metadata: Mapping[str, Any] | None = ...,
        rotation: shapes.ScheduleBody | Mapping[str, Any] | None = ...,
        owner: str | None = ...,
        purpose: str | None = ...,
        tags: Sequence[str] | None = ...,
    ) -> shapes.KeyCreated:
        """A new key with `access`, as `[{"api": "weather", "scopes": ["pages:read"]}]`.

        An entry may name `roles` of the API beside or instead of scopes.
        `fields`: application, environment, kind, restrictions, limits, rotation,
        starts_at, ends_at, metadata, owner, purpose, tags. With an
        `idempotency_key` of your own a second call gives the same key, and
        `"secret": None`.
        """
    async def create_many(
        self, keys: Sequence[Mapping[str, Any]], *, idempotency_key: str | None = ...
    ) -> shapes.KeysCreated:
        """Up to 100 new keys, all or none: `{"data": [...]}` in their order.

        Each is given as an object with `name`, `access` and the fields of `create`.
        """
    async def delete(self, id: str) -> None:
        """Put the key away; for 30 days `restore` brings it back."""
    async def disable(self, id: str) -> shapes.Key:
        """Refuse the key until it is enabled again."""
    def due(self, *, within_days: int = ...) -> AsyncIterator[shapes.Due]:
        """Keys whose secret is due within so many days or overdue, and that end."""
    def each(
        self,
        *,
        name: str | None = ...,
        application: str | None = ...,
        api: str | None = ...,
        state: Literal[
            "active", "disabled", "revoked", "expired", "not_yet_valid", "deleted"
        ]
        | None = ...,
        environment: Literal["live", "test"] | None = ...,
        project: str | None = ...,
        kind: Literal["server", "publishable", "management"] | None = ...,
        owner: str | None = ...,
        customer: str | None = ...,
        tag: Sequence[str] | None = ...,
        created_since: str | None = ...,
        used_since: str | None = ...,
        unused_since: str | None = ...,
        never_used: bool | None = ...,
        search: str | None = ...,
        import_id: str | None = ...,
    ) -> AsyncIterator[shapes.Key]:
        """All objects, page after page."""
    async def enable(self, id: str) -> shapes.Key:
        """Undo `disable`."""
    async def end_secret(self, id: str, secret_id: str) -> None:
        """Refuse one of the key's secrets from now on; the last that works stays."""
    async def explain(
        self,
        id: str,
        *,
        api: str | None = ...,
        address: str | None = ...,
        method: str | None = ...,
        path: str | None = ...,
        referrer: str | None = ...,
        origin: str | None = ...,
        app: str | None = ...,
        tls: bool | None = ...,
        environment: Literal["live", "test"] | None = ...,
        scopes: Sequence[str] | None = ...,
        cost: int | None = ...,
        secret_version: int | None = ...,
        token: shapes.ClaimsBody | Mapping[str, Any] | None = ...,
    ) -> shapes.Explanation:
        """Every reason why a request with the key would be refused; nothing is spent.

        `request`: address, method, path, referrer, origin, app, tls,
        environment, scopes, cost, secret_version, each as far as it is known, and
        `token`, the claims of a user's token that the key minted: {"sub": "alice"}.
        `api` is needed for a key that opens several. Each of `checks` has an
        `outcome`; those `refused` say in `found` why, in `mend` what to do.
        """
    async def find(self, secret: str) -> shapes.Key:
        """The key that a whole secret belongs to; an old secret's too."""
    async def get(self, id: str) -> shapes.Key:
        """The object. Raises ProblemError with status 404 where there is none."""
    async def limits(self, id: str) -> Page[shapes.LimitLeft]:
        """The limits that count for the key, and what is left of its quotas."""
    async def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        name: str | None = ...,
        application: str | None = ...,
        api: str | None = ...,
        state: Literal[
            "active", "disabled", "revoked", "expired", "not_yet_valid", "deleted"
        ]
        | None = ...,
        environment: Literal["live", "test"] | None = ...,
        project: str | None = ...,
        kind: Literal["server", "publishable", "management"] | None = ...,
        owner: str | None = ...,
        customer: str | None = ...,
        tag: Sequence[str] | None = ...,
        created_since: str | None = ...,
        used_since: str | None = ...,
        unused_since: str | None = ...,
        never_used: bool | None = ...,
        search: str | None = ...,
        import_id: str | None = ...,
    ) -> Page[shapes.Key]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    async def networks(self, id: str) -> Page[shapes.Network]:
        """The networks that its calls were let through from, the last seen first."""
    async def restore(self, id: str) -> shapes.Key:
        """Undo `delete`."""
    async def revoke(self, id: str) -> shapes.Key:
        """Refuse the key for ever."""
    async def revoke_all(
        self,
        *,
        application: str | None = ...,
        customer: str | None = ...,
        owner: str | None = ...,
        project: str | None = ...,
        dry_run: bool = ...,
        expected: int | None = ...,
    ) -> shapes.Revoked:
        """Refuse all keys of one application, customer, owner or project for ever.

        With `expected`, only if there are so many. The same call again does the
        rest where one broke off. Tells `matched` and `revoked`.
        """
    async def roll_back(self, id: str) -> shapes.Key:
        """Take the last rotation back, while what it replaced still works."""
    async def rotate(
        self,
        id: str,
        overlap_seconds: int | Literal["usual"] | None = ...,
        *,
        on_first_use: bool = ...,
        idempotency_key: str | None = ...,
    ) -> shapes.KeyCreated:
        """Give the key a new secret, which is in this answer and nowhere else.

        The older secrets work for `overlap_seconds` more at most; with 0 they
        are refused at once, with None not before `end_secret`. The usual
        overlap is that of the key's rotation. It begins now, or `on_first_use`
        of the new secret. Id, limits and counts stay.
        """
    async def rotation(self, id: str) -> shapes.Rotation:
        """How the key's rotation stands: which secrets work, and who uses each."""
    async def secrets(self, id: str) -> Page[shapes.Secret]:
        """The key's secrets: their hints, states and times, never the strings."""
    async def transfer(self, id: str, application: str) -> shapes.Key:
        """Give the key to another application, and to that one's project."""
    async def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        name: str | None = ...,
        access: Sequence[shapes.AccessBody | Mapping[str, Any]] | None = ...,
        restrictions: shapes.RestrictionsBody | Mapping[str, Any] | None = ...,
        limits: Sequence[shapes.LimitBody | Mapping[str, Any]] | None = ...,
        starts_at: str | None = ...,
        ends_at: str | None = ...,
        metadata: Mapping[str, Any] | None = ...,
        rotation: shapes.ScheduleBody | Mapping[str, Any] | None = ...,
        owner: str | None = ...,
        purpose: str | None = ...,
        tags: Sequence[str] | None = ...,
    ) -> shapes.Key:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class AsyncCalendars:
    """Calendars of what is due, for programs that read iCalendar."""

    async def create(self, name: str) -> shapes.CalendarCreated:
        """A new calendar; its address is `secret` in this answer and nowhere else."""
    async def delete(self, id: str) -> None:
        """Close its address."""
    def each(self) -> AsyncIterator[shapes.Calendar]:
        """All objects, page after page."""
    async def get(self, id: str) -> shapes.Calendar:
        """One calendar, without its address."""
    async def list(
        self, *, limit: int | None = ..., cursor: str | None = ...
    ) -> Page[shapes.Calendar]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""

class AsyncSecrets:
    """Secrets by themselves, whosever they are."""

    async def revoke(self, secret: str) -> shapes.SecretDone:
        """Refuse a secret from now on, if it is one; the answer does not tell.

        Whoever holds it may, and needs no key for it.
        """

class AsyncImports:
    """Imports of keys from other systems: begun, fed part by part, finished.

    Their keys are there for nobody before the import's `state` is `done`.
    """

    async def add_part(
        self, id: str, part: int, text: str, *, line: int | None = ...
    ) -> shapes.Import:
        """Send part number `part`, from 1: at most 500 rows, CSV with its header.

        `line` is where its rows begin in the file, for what is told of them. A
        part that is in already changes nothing; go on behind `parts`.
        """
    async def cancel(self, id: str) -> shapes.Import:
        """Have it be undone; one that is done stays."""
    async def create(
        self,
        format: str,
        *,
        access: Sequence[shapes.ImportAccessBody | Mapping[str, Any]] | None = ...,
        environment: Literal["live", "test"] | None = ...,
        application: str | shapes.ApplicationNamed | Mapping[str, Any] | None = ...,
        project: str | None = ...,
        fail_on_warnings: bool | None = ...,
        dry_run: bool | None = ...,
        text: str | None = ...,
    ) -> shapes.Import:
        """Begin an import. `format` is aws, csv or json.

        `fields`: access, environment, application, project, fail_on_warnings,
        dry_run. With `text`, a whole file of at most 500 rows, it is done at once.
        """
    def each(self, *, project: str | None = ...) -> AsyncIterator[shapes.Import]:
        """All objects, page after page."""
    async def finish(self, id: str) -> shapes.Import:
        """Have all its keys be there at once, or be undone where it asked for that."""
    async def get(self, id: str) -> shapes.Import:
        """How far it is, and what was wrong with which line of its file."""
    async def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        project: str | None = ...,
    ) -> Page[shapes.Import]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""

class AsyncTokens:
    """Tokens of users: refused before their time. They are minted at the gateway."""

    async def revoke(
        self,
        application: str,
        *,
        token: str | None = ...,
        session: str | None = ...,
        user: str | None = ...,
        key: str | None = ...,
        all: bool = ...,
    ) -> shapes.TokensRevoked:
        """Refuse tokens of an application that were issued so far, exactly one of:

        a `token` (itself or its `jti`), all of a `session`, `user` or `key`, or all
        of the application.
        """

class AsyncUsage:
    """What was counted, by step of time; a page has up to 10,000 rows."""

    def each(
        self,
        *,
        since: str | None = ...,
        until: str | None = ...,
        step: Literal["minute", "hour", "day", "month"] | None = ...,
        time_zone: str | None = ...,
        group_by: str | None = ...,
        key: str | None = ...,
        api: str | None = ...,
        application: str | None = ...,
        environment: Literal["live", "test"] | None = ...,
    ) -> AsyncIterator[shapes.Usage]:
        """All objects, page after page."""
    async def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        since: str | None = ...,
        until: str | None = ...,
        step: Literal["minute", "hour", "day", "month"] | None = ...,
        time_zone: str | None = ...,
        group_by: str | None = ...,
        key: str | None = ...,
        api: str | None = ...,
        application: str | None = ...,
        environment: Literal["live", "test"] | None = ...,
    ) -> Page[shapes.Usage]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    async def unknown_keys(
        self, *, since: str | None = ..., until: str | None = ..., api: str | None = ...
    ) -> Page[shapes.UnknownKeys]:
        """Where keys were tried that are not known, the most attempts first.

        `filters`: since, until (whole days, UTC; the last day without them), api.
        """
    async def users(
        self,
        *,
        since: str | None = ...,
        until: str | None = ...,
        api: str | None = ...,
        key: str | None = ...,
    ) -> Page[shapes.UserUsage]:
        """Which users call most, by API and verdict, the most requests first.

        `filters`: since, until (whole days, UTC; the last day without them), api, key.
        """

class AsyncRequests:
    """The request log, the newest first."""

    def each(
        self,
        *,
        key: str | None = ...,
        api: str | None = ...,
        application: str | None = ...,
        verdict: str | None = ...,
    ) -> AsyncIterator[shapes.Request]:
        """All objects, page after page."""
    async def explain(self, id: str) -> shapes.Explanation:
        """What a request came to and why, by the Keyhouse-Request-Id of its answer,

        and what it would come to now. It is in the log a second or two after.
        """
    async def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        key: str | None = ...,
        api: str | None = ...,
        application: str | None = ...,
        verdict: str | None = ...,
    ) -> Page[shapes.Request]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""

class AsyncAlerts:
    """What can be listed. Filters are those of the resource's reference page."""

    def each(
        self, *, key: str | None = ..., kind: str | None = ...
    ) -> AsyncIterator[shapes.Alert]:
        """All objects, page after page."""
    async def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        key: str | None = ...,
        kind: str | None = ...,
    ) -> Page[shapes.Alert]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""

class AsyncAudit:
    """Who changed what, the newest first."""

    def each(
        self,
        *,
        subject: str | None = ...,
        actor: str | None = ...,
        action: str | None = ...,
        since: str | None = ...,
        until: str | None = ...,
    ) -> AsyncIterator[shapes.Audit]:
        """All objects, page after page."""
    def export(
        self, *, after: str | None = ..., since: str | None = ..., until: str | None = ...
    ) -> AsyncIterator[shapes.Audit]:
        """All of it, the oldest row first, as one stream.

        `filters`: since, until. Where it breaks off, it goes on behind the id
        of the last row with that as `after`.
        """
    async def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        subject: str | None = ...,
        actor: str | None = ...,
        action: str | None = ...,
        since: str | None = ...,
        until: str | None = ...,
    ) -> Page[shapes.Audit]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""

class AsyncChanges:
    """Changes by their number, as `Answer.change_seq` tells it."""

    async def get(self, seq: int, *, wait_seconds: float | None = ...) -> shapes.Change:
        """Whether the change is in force everywhere, and who is waited for.

        With `wait_seconds`, at most 30, the answer comes once it is, or then.
        """

class AsyncWebhooksDeliveries:
    """What was sent to an endpoint, or is to be sent; filter: state."""

    def each(self, *, state: str | None = ...) -> AsyncIterator[shapes.Delivery]:
        """All objects, page after page."""
    async def get(self, id: str) -> shapes.Delivery:
        """One delivery, and what came of its last attempt."""
    async def list(
        self, *, limit: int | None = ..., cursor: str | None = ..., state: str | None = ...
    ) -> Page[shapes.Delivery]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    async def replay(self, id: str) -> shapes.Delivery:
        """Have the same event sent once more; the new delivery."""

class AsyncWebhooks:
    """Endpoints that are told of events.

    A secret is in the answer of `create` or `rotate_secret` and nowhere else;
    `verify_webhook` takes it.
    """

    async def create(
        self,
        url: str,
        events: Sequence[str],
        *,
        name: str | None = ...,
        project: str | None = ...,
    ) -> shapes.WebhookMade:
        """A new endpoint; `events` are kinds, or `["*"]`. `fields`: name, project."""
    async def delete(self, id: str) -> None:
        """Delete it; what was on its way to it is sent no more."""
    def deliveries(self, id: str) -> AsyncWebhooksDeliveries:
        """What was sent to it, the newest first."""
    def each(self, *, project: str | None = ...) -> AsyncIterator[shapes.Webhook]:
        """All objects, page after page."""
    async def get(self, id: str) -> shapes.Webhook:
        """The object. Raises ProblemError with status 404 where there is none."""
    async def list(
        self,
        *,
        limit: int | None = ...,
        cursor: str | None = ...,
        project: str | None = ...,
    ) -> Page[shapes.Webhook]:
        """One page of at most `limit` objects (1 to 100), from `cursor` on."""
    async def rotate_secret(self, id: str, overlap_seconds: int) -> shapes.WebhookMade:
        """Give it a new secret; for the overlap the older one signs as well."""
    async def test(self, id: str) -> shapes.Delivery:
        """Have an event of the type `webhook.test` sent; the delivery."""
    async def update(
        self,
        id: str,
        *,
        if_match: str | None = ...,
        url: str | None = ...,
        events: Sequence[str] | None = ...,
        name: str | None = ...,
        disabled: bool | None = ...,
    ) -> shapes.Webhook:
        """Change the given fields and no others; None clears one.

        With the ETag of an earlier answer as `if_match` it is refused with
        status 412 where somebody changed the object since.
        """

class AsyncDeclaration:
    """Things as a file says: a document of them, and one that is to be so."""

    async def apply(
        self,
        document: Mapping[str, Any],
        *,
        dry_run: bool = ...,
        prune: bool = ...,
        plan: str | None = ...,
        idempotency_key: str | None = ...,
    ) -> shapes.Applied:
        """Have things be as the document says; `prune` takes away what it leaves out.

        With `dry_run` the `steps` are told, and nothing is done; the answer's
        `plan`, sent with a second call, has those steps done and no others.
        `secrets` of new keys are in this answer and nowhere else. Look at
        `complete`: of a long plan only a part may have been done.
        """
    async def export(
        self, *, project: str | None = ..., only: Sequence[str] = ...
    ) -> shapes.Declaration:
        """The document of one project, by id or name, or of the whole organization.

        `only` names some of its sections: projects, apis, plans, customers,
        applications, subscriptions, keys, webhooks. No secret is in it.
        """

class AsyncResources:
    """All resources of the management API, for AsyncClient."""
    def __init__(self, sender: object) -> None: ...
    organizations: AsyncOrganizations
    members: AsyncMembers
    invitations: AsyncInvitations
    projects: AsyncProjects
    apis: AsyncApis
    customers: AsyncCustomers
    applications: AsyncApplications
    plans: AsyncPlans
    subscriptions: AsyncSubscriptions
    keys: AsyncKeys
    calendars: AsyncCalendars
    secrets: AsyncSecrets
    imports: AsyncImports
    tokens: AsyncTokens
    usage: AsyncUsage
    requests: AsyncRequests
    alerts: AsyncAlerts
    audit: AsyncAudit
    changes: AsyncChanges
    webhooks: AsyncWebhooks
    declaration: AsyncDeclaration
