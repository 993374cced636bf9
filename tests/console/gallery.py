"""An installation that looks lived in, and the addresses of all its pages."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from keyhouse.adapters.database import open_database
from keyhouse.core.entities import Limit, LimitKind, Window
from keyhouse.core.verdict import Verdict
from tests.console.conftest import SignUp
from tests.console.history import Caller, write_history
from tests.console.installation import Installation
from tests.console.people import Signed

QUOTA = {"name": "monthly", "quota": 1_000_000, "window": "month"}
RATE = {"name": "per-minute", "rate": 600, "period_seconds": 60}


class Scene(NamedTuple):
    """Who looks at what; `ids` fill the addresses, `secrets` may stand nowhere."""

    owner: Signed
    newcomer: Signed
    ids: Mapping[str, str]
    secrets: tuple[str, ...]


def furnish(installation: Installation, upstream: str, sign_up: SignUp) -> Scene:
    """Two APIs, four keys, a month of calls, members, and somebody who has nothing."""
    owner, newcomer = sign_up("Ada Byron"), sign_up("Nora New")
    home = f"/v1/organizations/{owner.organization}"
    owner.call("PATCH", home, name="Northwind Weather")
    scopes = ["forecast:read", "alerts:read", "alerts:write"]
    known: dict[str, Any] = {
        "scopes": scopes,
        "roles": {"reader": ["*:read"], "desk": ["alerts:write"]},
    }
    shared = "api.northwind.example"
    known["hosts"] = [shared, f"{shared}/weather/v1"]
    owner.api("weather", upstream, name="Weather", limits=[RATE], **known)
    owner.api("maps", upstream, name="Maps", hosts=[f"{shared}/maps"])
    call = {
        "method": "GET",
        "path": "/v1/forecast/{city}",
        "scopes": ["forecast:read|alerts:write"],
    }
    route = owner.call("POST", "/v1/apis/weather/routes", **call)
    keys = _keys(owner)
    gone = owner.key("Old import", "maps", application=keys[2]["application"])
    owner.call("DELETE", f"/v1/keys/{gone['id']}")
    customer = _customers(owner, keys)
    plan, subscription = _plans(owner, keys, sign_up("Bea Buyer"))
    webhook, imported = _told(owner), _imported(owner)
    _invite(owner)
    _past(installation, owner, keys)
    first = keys[0]
    owner.call("POST", f"/v1/keys/{first['id']}/rotate", overlap_seconds=86_400)
    secrets = owner.client.get(f"/v1/keys/{first['id']}/secrets").json()["data"]
    ids = {
        "project": owner.project,
        "environment": "test",
        "organization": owner.organization,
        "api": owner.client.get("/v1/apis/weather").json()["id"],
        "route": route["id"],
        "application": first["application"],
        "customer": customer,
        "plan": plan,
        "subscription": subscription,
        "webhook": webhook,
        "import_id": imported,
        "key": first["id"],
        "secret": next(one["id"] for one in secrets if one["version"] == 1),
        "request_id": _refused(owner, first["id"]),
    }
    return Scene(owner, newcomer, ids, tuple(key["secret"] for key in keys))


def _refused(owner: Signed, key: str) -> str:
    """A request of that key's that was refused."""
    found = owner.client.get("/v1/requests", params={"key": key}).json()["data"]
    return next(str(row["request_id"]) for row in found if row["verdict"] != "valid")


def _keys(owner: Signed) -> list[dict[str, Any]]:
    soon = (datetime.now(UTC) + timedelta(days=9)).isoformat(timespec="seconds")
    near = {"networks_allowed": ["203.0.113.0/24"]}

    def made(name: str, application: str, api: str, **fields: Any) -> dict[str, Any]:
        return owner.key(name, api, application={"name": application}, **fields)

    return [
        made(
            "Production",
            "Route planner",
            "weather",
            scopes=["forecast:read"],
            roles=["desk"],
            limits=[QUOTA],
            owner=owner.email,
            purpose="Plans the tours of the day, from the depot's server.",
            tags=["team:routing", "nightly"],
            rotation={"every_days": 90, "overlap_seconds": 604_800},
        ),
        made("Backend", "Mobile app", "weather", scopes=["*"], restrictions=near),
        made("Nightly import", "Data warehouse", "maps", ends_at=soon),
        made("Billing server", "Invoices", "maps"),
    ]


def _customers(owner: Signed, keys: list[dict[str, Any]]) -> str:
    """A prepaid customer with two applications, and one that has nothing yet."""
    owner.call("POST", "/v1/customers", external_id="crm-2290", name="Initech")
    globex = owner.call(
        "POST", "/v1/customers", external_id="crm-4711", name="Globex", limits=[QUOTA]
    )
    for key in keys[:2]:
        path = f"/v1/applications/{key['application']}"
        owner.call("PATCH", path, customer="crm-4711")
    ledger = f"/v1/customers/{globex['id']}/credits"
    for amount, kind, note in (
        (250_000, "purchase", "Invoice 2026-118"),
        (5_000, "grant", "For the outage in October"),
        (-61_200, "adjustment", "Counted twice before the move"),
    ):
        owner.call("POST", ledger, amount=amount, kind=kind, note=note)
    return str(globex["id"])


def _plans(owner: Signed, keys: list[dict[str, Any]], buyer: Signed) -> tuple[str, str]:
    """Three plans: the middle one has two versions and three subscriptions, and for

    the last one somebody waits. One of the plans and its newest subscription.
    """
    access = [{"api": "weather", "scopes": ["forecast:read"]}]
    second = {"name": "per-second", "rate": 5, "period_seconds": 1, "per": "key"}

    def made(slug: str, **fields: Any) -> str:
        told = owner.call("POST", "/v1/plans", slug=slug, access=access, **fields)
        return str(told["id"])

    made("trial", name="Trial", visibility="public", limits=[{**QUOTA, "quota": 1000}])
    business = made(
        "business",
        name="Business",
        description="For those who ask all day.",
        limits=[{**QUOTA, "quota": 50_000}, second],
    )
    wider = [*access, {"api": "maps", "scopes": []}]
    more = {**second, "rate": 20}
    owner.call(
        "PATCH",
        f"/v1/plans/{business}",
        access=wider,
        limits=[{**QUOTA, "quota": 80_000}, more],
        routes=[{"api": "weather", "route": "GET /v1/forecast/{city}", "limits": [second]}],
        rotation={"every_days": 180, "overlap_seconds": 604_800},
        applies="next_window",
    )
    offered = {"visibility": "public", "approval": "manual", "limits": [RATE]}
    partner = made("partner", name="Partner", **offered)
    waiting = buyer.call("POST", "/v1/applications", name="Fleet")["id"]
    buyer.call("POST", "/v1/subscriptions", plan=partner, application=waiting)
    own = {"name": "monthly", "quota": 120_000, "window": "month"}
    until = (datetime.now(UTC) + timedelta(days=40)).isoformat(timespec="seconds")
    joined = [
        owner.call("POST", "/v1/subscriptions", plan=business, application=one)["id"]
        for one in (keys[3]["application"], keys[1]["application"], keys[0]["application"])
    ]
    owner.call("POST", f"/v1/subscriptions/{joined[1]}/suspend")
    first = f"/v1/subscriptions/{joined[2]}"
    owner.call("PATCH", first, overrides=[{**own, "ends_at": until}])
    return business, str(joined[2])


def _imported(owner: Signed) -> str:
    """Keys of another system, with two rows that cannot be kept as they are."""
    rows = [
        "name,key,description,enabled,usageplanIds",
        "Harbour office,4n8Vq2LxT0cKd7Rw5Jm1Zs,Tide tables,TRUE,",
        "Ferry line,9bHy3WpE6uGa0Nf8Xk2QtM,,TRUE,plan-silver",
        "Old kiosk,short,,FALSE,",
    ]
    asked = {"format": "aws", "environment": "test", "access": [{"api": "maps"}]}
    made = owner.call("POST", "/v1/imports", **asked, text="\n".join(rows))
    return str(made["id"])


def _told(owner: Signed) -> str:
    """A webhook that nobody answers and one that is off; and a calendar."""
    made = owner.call(
        "POST",
        "/v1/webhooks",
        name="Accounting",
        url="https://hooks.northwind.invalid/keyhouse",
        events=["key.created", "key.revoked", "key.expiring", "quota.reached"],
    )
    off = owner.call(
        "POST",
        "/v1/webhooks",
        name="Chat",
        url="https://chat.northwind.invalid/in",
        events=["*"],
    )
    owner.call("PATCH", f"/v1/webhooks/{off['id']}", disabled=True)
    owner.call("POST", f"/v1/webhooks/{made['id']}/test")
    owner.call("POST", "/v1/calendars", name="On-call calendar")
    return str(made["id"])


def _invite(owner: Signed) -> None:
    for name, role in (("grace", "admin"), ("linus", "viewer")):
        email = f"{name}@example.com"
        owner.call("POST", "/v1/invitations", email=email, role=role)


def _past(installation: Installation, owner: Signed, keys: list[dict[str, Any]]) -> None:
    refusals = (Verdict.RATE_LIMITED, Verdict.IP_NOT_ALLOWED, Verdict.SCOPE_MISSING)
    kind, window = LimitKind.QUOTA, Window.MONTH
    spent = Limit(name="monthly", kind=kind, amount=1_000_000, window=window)
    callers = [
        Caller(
            organization=owner.organization,
            api=key["access"][0]["api"],
            key=key["id"],
            application=key["application"],
            environment="test",
            busiest=(420, 160, 60)[number],
            refusal=refusals[number],
            quota=None if number else spent,
            spent=872_310,
        )
        for number, key in enumerate(keys[:3])
    ]
    database = open_database(f"sqlite:///{installation.data / 'keyhouse.db'}")
    try:
        write_history(database, callers)
    finally:
        database.dispose()
