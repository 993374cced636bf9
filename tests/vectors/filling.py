"""From a case to the rows it asks for, each case with rows of its own."""

from base64 import b64encode
from dataclasses import dataclass, field, fields
from hashlib import blake2b
from typing import Any, TypeVar

from keyhouse.core import entities as rows
from keyhouse.core import ids
from keyhouse.core.hosts import parent_of, parts_of
from keyhouse.core.keyring import Pepper
from keyhouse.core.secret import ALGORITHM, Secret, digest, mint
from keyhouse.core.user_tokens import Mint, claims_of
from tests.vectors.reading import Case, microseconds
from tests.vectors.signing import spoiled

_ENUMS: dict[str, type[Any]] = {
    "kind": rows.KeyKind,
    "environment": rows.Environment,
    "browser_keys": rows.BrowserKeys,
    "prefix": rows.Prefix,
}
_LIMIT_ENUMS: dict[str, type[Any]] = {"kind": rows.LimitKind, "window": rows.Window}
_PREFIXES: dict[type[Any], str] = {
    rows.Organization: ids.ORGANIZATION,
    rows.Project: ids.PROJECT,
    rows.Application: ids.APPLICATION,
    rows.Customer: ids.CUSTOMER,
    rows.Api: ids.API,
    rows.Route: ids.ROUTE,
    rows.Plan: ids.PLAN,
    rows.Subscription: ids.SUBSCRIPTION,
    rows.Key: ids.KEY,
    rows.SecretRow: ids.SECRET,
}
_MEANINGLESS = {"created_at": 0, "updated_at": 0, "created_by": "vectors"}
T = TypeVar("T")


@dataclass
class World:
    """The rows of a case. `secrets`, `ids` and `slugs` are by the case's own names.

    `host` is a name that no other case has.
    """

    rows: list[Any] = field(default_factory=list)
    secrets: dict[str, Secret] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    slugs: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    token_limits: list[Any] = field(default_factory=list)
    host: str = ""

    def all(self, kind: type[T]) -> list[T]:
        """The rows of one class."""
        return [row for row in self.rows if isinstance(row, kind)]

    def get(self, kind: type[T], name: str) -> T:
        """The row that the case calls so."""
        return next(row for row in self.all(kind) if row.id == self.ids[name])  # type: ignore[attr-defined]  # all have one

    def filled(self, text: str) -> str:
        """`text` with secrets in the place of their names."""
        revealed = {name: one.reveal() for name, one in self.secrets.items()}
        return text.format(**revealed, **self.tokens, basic=_Basics(self.ids, revealed))


class _Basics(dict[str, str]):
    """`{basic[key/secret]}`: what HTTP Basic has of a key's id and a secret."""

    def __init__(self, ids_: dict[str, str], secrets: dict[str, str]) -> None:
        super().__init__()
        self._ids = ids_
        self._secrets = secrets

    def __missing__(self, pair: str) -> str:
        """What is no name stands for itself, `=key` for a secret as the user."""
        user, _, password = pair.partition("/")
        user = self._secrets[user[1:]] if user[:1] == "=" else self._ids.get(user, user)
        told = f"{user}:{self._secrets.get(password, password)}"
        return b64encode(told.encode()).decode()


class Filling:
    """Makes the rows of one case."""

    def __init__(self, case: Case, pepper: Pepper, upstream: str) -> None:
        self._case = case
        self._pepper = pepper
        self._upstream = upstream
        self.world = World(host=f"c{case.number}.example")

    def fill(self) -> World:
        """All rows, those that others name first."""
        given = self._case.world
        for side in ("", "provider_"):
            self._owner(side)
        called = given.get("application", {})
        own = self._owned("")
        self._add(rows.Application, called, "application", name="caller", **own)
        for name, customer in given.get("customers", {}).items():
            self._customer(name, dict(customer))
        for name, api in given["apis"].items():
            self._api(name, dict(api))
        for name, key in given["keys"].items():
            self._key(name, dict(key))
        self._subscribe()
        for name, token in given.get("tokens", {}).items():
            self._token(name, token)
        for number, revoked in enumerate(given.get("revoked", [])):
            self._revoked(number, revoked)
        return self.world

    def _subscribe(self) -> None:
        """The plan of the case, or one that opens all of every foreign API there is."""
        home = self.world.ids["organization"]
        foreign = [one for one in self.world.all(rows.Api) if one.organization_id != home]
        names = {id: name for name, id in self.world.ids.items()}
        everything = {"opens": {names[api.id]: ["*"] for api in foreign}}
        plan = self._case.world.get("plan", everything)
        if plan and plan["opens"]:
            self._plan(dict(plan), dict(self._case.world.get("subscription", {})))

    def _plan(self, plan: dict[str, Any], subscription: dict[str, Any]) -> None:
        apis = [self.world.get(rows.Api, name) for name in plan["opens"]]
        provider = apis[0].organization_id
        own = {"organization_id": provider, "project_id": apis[0].project_id}
        named = {"slug": "basic", "name": "Basic", "version": 1}
        sold = {
            "visibility": rows.Visibility.PRIVATE,
            "approval": rows.Approval.AUTOMATIC,
        }
        plan_id = self._add(rows.Plan, {}, "plan", **own, **named, **sold)
        self.world.rows.append(self._version(plan_id, provider, plan))
        given = {"state": "active", **subscription}
        row_id = self._add(
            rows.Subscription,
            {},
            "subscription",
            provider_id=provider,
            consumer_id=self.world.ids["organization"],
            plan_id=plan_id,
            application_id=self.world.ids["application"],
            counted_id=plan_id,  # any text that is another case's in no case
            state=rows.SubscriptionState(given["state"]),
            state_since=0,
            overrides=tuple(_override(one) for one in given.get("overrides", [])),
            carried=self._carried(given),
        )
        application = self.world.ids["application"]
        # A plan that opened an API and does so no more leaves its row behind.
        closed = [self.world.get(rows.Api, one) for one in given.get("closed", [])]
        for api in [*apis, *closed]:
            self.world.rows.append(
                rows.SubscriptionApi(
                    id=f"{application}/{api.id}",
                    application_id=application,
                    api_id=api.id,
                    subscription_id=row_id,
                    counted_id=plan_id,
                )
            )

    def _version(
        self, plan_id: str, provider: str, plan: dict[str, Any]
    ) -> rows.PlanVersion:
        known = self.world.ids
        opened = {name: _held(held) for name, held in plan["opens"].items()}
        return rows.PlanVersion(
            id=rows.version_id(plan_id, 1),
            organization_id=provider,
            plan_id=plan_id,
            number=1,
            access=tuple(
                rows.PlanAccess(api_id=known[name], scopes=scopes, roles=roles)
                for name, (scopes, roles) in opened.items()
            ),
            limits=tuple(_plan_limit(one) for one in plan.get("limits", [])),
            routes=tuple(
                rows.PlanRoute(
                    api_id=self.world.get(rows.Route, name).api_id,
                    route_id=known[name],
                    limits=tuple(_plan_limit(one) for one in given),
                )
                for name, given in plan.get("routes", {}).items()
            ),
            carried=self._carried(plan),
            created_by="vectors",
            created_at=0,
        )

    def _carried(self, given: dict[str, Any]) -> tuple[rows.Carried, ...]:
        return tuple(
            rows.Carried(
                route_id=self.world.ids[one["route"]] if "route" in one else "",
                name=one["name"],
                limit=_plan_limit(one["limit"]) if one["limit"] else None,
                until=microseconds(one["until"]),
            )
            for one in given.get("carried", [])
        )

    def _token(self, name: str, given: dict[str, Any]) -> None:
        """A token as a gateway would have minted it, or one that is spoiled."""
        known = self.world.ids
        issued_us = microseconds(given.get("issued_at", "2026-01-14T11:59:00Z"))
        key = given.get("key", "key")
        limits = tuple(_limit(limit) for limit in given.get("limits", ()))
        self.world.token_limits += limits
        token_id = ids.make_id(ids.TOKEN, issued_us, self._bytes(f"token {name}", 10))
        known[name] = token_id
        mint_ = Mint(
            id=token_id,
            issuer="https://keys.example",
            subject=given.get("user", name),
            session=given.get("session", ""),
            application_id=known["application"],
            api_id=known[given.get("api", "api")],
            key_id=known[key],
            secret_id=known[f"secret {given.get('secret', key)}"],
            environment="live",
            now_us=issued_us,
            seconds=given.get("seconds", 3600),
            scopes=given.get("scopes", []),
            limits=limits,
        )
        self.world.tokens[name] = spoiled(claims_of(mint_), given.get("spoiled", ""))

    def _revoked(self, number: int, given: dict[str, Any]) -> None:
        """What is revoked; `value` is the name of a token or key, or stands for itself."""
        application, value = (
            self.world.ids["application"],
            given.get("value", "application"),
        )
        before = microseconds(given.get("before", "2026-01-14T12:00:00Z"))
        self.world.rows.append(
            rows.TokenRevocation(
                id=f"{application}/{number}",
                organization_id=self.world.ids["organization"],
                application_id=application,
                kind=rows.RevokedKind(given["kind"]),
                value=self.world.ids.get(value, value),
                before=before,
                expires_at=before + 86_400_000_000,
                created_at=before,
                updated_at=before,
            )
        )

    def _owner(self, side: str) -> None:
        """An organization and its project, of the keys or of foreign APIs."""
        organization, project = f"{side}organization", f"{side}project"
        given = self._case.world
        owner = self._add(
            rows.Organization, given.get(organization, {}), organization, name="o"
        )
        own = {"organization_id": owner, "name": "p"}
        self._add(rows.Project, given.get(project, {}), project, **own)

    def _owned(self, side: str) -> dict[str, str]:
        known = self.world.ids
        return {
            "organization_id": known[f"{side}organization"],
            "project_id": known[f"{side}project"],
        }

    def _customer(self, name: str, given: dict[str, Any]) -> None:
        own = self._owned("provider_" if given.pop("foreign", False) else "")
        application, provider = self.world.ids["application"], own["organization_id"]
        customer = self._add(rows.Customer, given, name, name="c", **own)
        self.world.rows.append(
            rows.ApplicationCustomer(
                id=f"{application}/{provider}",
                application_id=application,
                provider_id=provider,
                customer_id=customer,
                created_at=0,
            )
        )

    def _api(self, name: str, given: dict[str, Any]) -> None:
        own = self._owned("provider_" if given.pop("foreign", False) else "")
        routes = given.pop("routes", [])
        bases = {"live": "", "test": "", **given.pop("upstreams", {})}
        upstreams = {
            one: self._upstream + path for one, path in bases.items() if path is not None
        }
        slug = self.world.slugs[name] = f"{name}-{self._case.number}"
        hosts = [one.format(host=self.world.host) for one in given.pop("hosts", [])]
        api_id = self._add(
            rows.Api,
            given,
            name,
            slug=slug,
            name=name,
            upstreams=upstreams,
            hosts=tuple(hosts),
            **own,
        )
        for place in hosts:
            self._place(place, api_id, own["organization_id"])
        for position, route in enumerate(routes):
            called = route["name"]
            row = {one: value for one, value in route.items() if one != "name"}
            self._add(
                rows.Route,
                row,
                called,
                api_id=api_id,
                position=position,
                organization_id=own["organization_id"],
            )

    def _place(self, place: str, api_id: str, organization_id: str) -> None:
        host, _ = parts_of(place)
        if host not in {row.id for row in self.world.all(rows.HeldHost)}:
            held = rows.HeldHost(id=host, organization_id=organization_id)
            self.world.rows.append(held)
        self.world.rows.append(
            rows.ApiHost(
                id=place,
                organization_id=organization_id,
                api_id=api_id,
                parent=parent_of(host),
                host_id=host,
            )
        )

    def _key(self, name: str, given: dict[str, Any]) -> None:
        secrets = given.pop("secrets", {name: {}})
        opens = given.pop("opens", {"api": []})
        given.setdefault("kind", "server")
        managing = given["kind"] == "management"
        given.setdefault("environment", None if managing else "live")
        key_id = self._add(
            rows.Key,
            given,
            name,
            name=name,
            application_id=self.world.ids["application"],
            **self._owned(""),
        )
        key = self.world.get(rows.Key, name)
        for version, (called, secret) in enumerate(secrets.items(), 1):
            self._secret(key, version, called, secret)
        for api, held in opens.items():
            if held is not None:
                self._access(key_id, self.world.get(rows.Api, api), held)

    def _access(
        self, key_id: str, api: rows.Api, held: list[str] | dict[str, list[str]]
    ) -> None:
        scopes, roles = _held(held)
        self.world.rows.append(
            rows.Access(
                id=f"{key_id}/{api.id}",
                key_id=key_id,
                resource=rows.Resource.API,
                resource_id=api.id,
                provider_id=api.organization_id,
                scopes=scopes,
                roles=roles,
                created_at=0,
            )
        )

    def _secret(
        self, key: rows.Key, version: int, name: str, given: dict[str, Any]
    ) -> None:
        minted = mint("kh", key.kind, key.environment, self._bytes(f"secret {name}", 32))
        self.world.secrets[name] = minted
        hashed = digest(minted.reveal().encode(), self._pepper.key)
        self._add(
            rows.SecretRow,
            {"starts_at": "1970-01-01T00:00:00Z", **given},
            f"secret {name}",
            key_id=key.id,
            version=version,
            namespace="",
            algorithm=ALGORITHM,
            pepper_id=self._pepper.id,
            digest=hashed,
            hint=minted.hint,
        )

    def _add(self, kind: type[Any], given: dict[str, Any], called: str, **own: Any) -> str:
        names = {one.name for one in fields(kind)}
        row = {name: value for name, value in _MEANINGLESS.items() if name in names}
        row_id = ids.make_id(
            _PREFIXES[kind], 1_700_000_000_000_000, self._bytes(called, 10)
        )
        told = {name: _value(name, value) for name, value in given.items()}
        self.world.rows.append(kind(**(row | own | told | {"id": row_id})))
        self.world.ids[called] = row_id
        return row_id

    def _bytes(self, what: str, count: int) -> bytes:
        """Bytes that differ from case to case and are the same in each run."""
        seed = f"{self._case.number} {what}".encode()
        return blake2b(seed, digest_size=count).digest()


def _value(name: str, value: Any) -> Any:
    if name.endswith("_at") and value is not None:
        return microseconds(value)
    if name in ("limits", "user_limits"):
        return tuple(_limit(limit) for limit in value)
    if name == "roles":
        return {role: tuple(scopes) for role, scopes in value.items()}
    if name == "restrictions":
        return rows.Restrictions(**{kind: tuple(all_) for kind, all_ in value.items()})
    if name in _ENUMS and value is not None:
        return _ENUMS[name](value)
    return tuple(value) if isinstance(value, list) else value


def _held(
    given: list[str] | dict[str, list[str]],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Scopes and roles."""
    named = given if isinstance(given, dict) else {"scopes": given}
    return tuple(named.get("scopes", ())), tuple(named.get("roles", ()))


def _override(given: dict[str, Any]) -> rows.Override:
    ends_at = given.get("ends_at")
    return rows.Override(
        limit=_plan_limit(given["limit"]),
        ends_at=None if ends_at is None else microseconds(ends_at),
    )


def _plan_limit(given: dict[str, Any]) -> rows.PlanLimit:
    plain = {name: value for name, value in given.items() if name != "per"}
    columns = {one.name: getattr(_limit(plain), one.name) for one in fields(rows.Limit)}
    return rows.PlanLimit(**columns, per=rows.Per(given.get("per", "subscription")))


def _limit(given: dict[str, Any]) -> rows.Limit:
    made = {
        name: _LIMIT_ENUMS[name](value) if name in _LIMIT_ENUMS else value
        for name, value in given.items()
    }
    return rows.Limit(**made)
