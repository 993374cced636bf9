"""What is looked at: the rows behind a key on an API, and a request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from keyhouse.core import entities as rows
from keyhouse.core.compilation import (
    ZoneLoader,
    compile_api,
    compile_application,
    compile_customer,
    compile_key,
    compile_line,
    compile_organization,
    compile_project,
    compile_secret,
)
from keyhouse.core.explain.bearer import Bearer
from keyhouse.core.paths import plain_path
from keyhouse.core.patterns import METHODS
from keyhouse.core.plan_records import Subscribed
from keyhouse.core.plans import compile_subscribed
from keyhouse.core.records import Line, OrganizationRecord, ProjectRecord, RouteRecord
from keyhouse.core.request import Request
from keyhouse.core.scopes import Needs
from keyhouse.core.verdict import Verdict

Owner = rows.Organization | rows.Project
NO_ROUTE = RouteRecord("", (), Needs(), 1)
"""What holds where no route fits: no scope, one unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All rows that a decision about a key on an API rests on.

    `owners` are the key's organization and project, `providers` the API's;
    `customer` is the one that the application is of there, `subscription` what
    it has there, with its `plan` and that one's newest `version`.
    """

    key: rows.Key
    access: Sequence[rows.Access]
    secrets: Sequence[rows.SecretRow]
    application: rows.Application
    owners: Sequence[Owner]
    api: rows.Api
    routes: Sequence[rows.Route]
    providers: Sequence[Owner]
    customer: rows.Customer | None = None
    subscription: rows.Subscription | None = None
    plan: rows.Plan | None = None
    version: rows.PlanVersion | None = None

    @property
    def foreign(self) -> bool:
        """Whether the API is another organization's than the key."""
        return self.api.organization_id != self.key.organization_id

    def line(self, secret: rows.SecretRow, zones: ZoneLoader) -> Line:
        """What a door would decide on."""
        key = compile_key(self.key, self.access, self.secrets, zones)
        return compile_line(
            compile_secret(secret),
            key,
            compile_application(self.application, zones),
            compile_api(self.api, self.routes, zones),
            owners=[_owner(one, zones) for one in self.owners],
            providers=[_owner(one, zones) for one in self.providers],
            customer=compile_customer(self.customer, zones) if self.customer else None,
            subscribed=self._subscribed(zones),
        )

    def _subscribed(self, zones: ZoneLoader) -> Subscribed | None:
        if self.subscription is None or self.plan is None or self.version is None:
            return None
        return compile_subscribed(self.subscription, self.plan, self.version, zones)


def _owner(row: Owner, zones: ZoneLoader) -> OrganizationRecord | ProjectRecord:
    if isinstance(row, rows.Organization):
        return compile_organization(row, zones)
    return compile_project(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request with one secret of a key, as it would be decided at `now_us`.

    `spent` has what is used of each quota of `met`, by its token. `then`
    is the verdict of a request out of the log, whose other facts the log
    does not keep. Where it comes with a user's token, `bearer` tells of that, and
    `line` is the token's.
    """

    scene: Scene
    secret: rows.SecretRow
    line: Line
    request: Request
    now_us: int
    spent: Mapping[str, int]
    then: Verdict | None = None
    bearer: Bearer | None = None

    @property
    def key_line(self) -> Line:
        """The line of the key, without the token."""
        return self.line if self.bearer is None else self.bearer.key_line

    @property
    def met(self) -> Line:
        """The line on the route of the request exactly as it is told."""
        return self._on(self.route().id)

    @property
    def base(self) -> Line:
        """The line on a route that has no limits of its own."""
        return self._on("")

    def may_meet_more(self) -> bool:
        """Whether another route that it can be has limits of its own."""
        told = self.route().id
        others = (one.id for one in self.routes() if one.id != told)
        return any(self._on(id) is not self.base for id in others)

    def _on(self, route_id: str) -> Line:
        if self.line.on_route is None:
            return self.line
        return self.line.on_route(self.line, route_id, self.now_us)

    @property
    def path(self) -> str | None:
        """The one reading of the path; None where there is none or two."""
        told = self.request.path
        return None if told is None else plain_path(told)

    def route(self) -> RouteRecord:
        """The route of the request exactly as it is told."""
        return self._route(self.request.method or "")

    def routes(self) -> list[RouteRecord]:
        """Every route that it can be, whatever of method and path is not told."""
        api, path = self.line.api, self.path
        if api.endpoints is None:
            return [NO_ROUTE]
        if self.request.path is None:
            return [NO_ROUTE, *api.routes]
        if self.request.method is not None or path is None:
            return [self.route()]
        found = {one.id: one for one in map(self._route, ("", *sorted(METHODS)))}
        return list(found.values())

    def costs(self) -> list[int]:
        """Every cost that it can have, in units."""
        if self.request.cost is not None:
            return [self.request.cost]
        return [route.cost for route in self.routes()]

    def cost(self) -> int:
        """The cost of the request exactly as it is told."""
        given = self.request.cost
        return self.route().cost if given is None else given

    @property
    def reserves(self) -> bool:
        """Whether its cost is what is reserved, and its upstream tells what it came to."""
        told = self.request.cost is not None
        return not told and self.route().id in self.line.api.upstream_costs

    def _route(self, method: str) -> RouteRecord:
        api, path = self.line.api, self.path
        if api.endpoints is None or path is None:
            return NO_ROUTE
        index = api.endpoints.find(method, path)
        return NO_ROUTE if index is None else api.routes[index]


def works(secret: rows.SecretRow, now_us: int) -> bool:
    """Whether a secret is valid by itself, whatever its key is."""
    over = secret.ends_at is not None and secret.ends_at <= now_us
    return secret.revoked_at is None and secret.starts_at <= now_us and not over


def likely_secret(secrets: Sequence[rows.SecretRow], now_us: int) -> rows.SecretRow:
    """The secret that a caller most likely sends: the newest that works, or the newest."""
    working = [one for one in secrets if works(one, now_us)]
    return max(working or secrets, key=lambda one: one.version)
