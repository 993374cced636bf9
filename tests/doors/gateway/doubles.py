"""A verifier and a meter in memory, with the signatures of the real ones."""

import itertools
from typing import Any

from keyhouse.core.addresses import UNKNOWN, Networks
from keyhouse.core.compilation import compile_line
from keyhouse.core.decide import decide
from keyhouse.core.decision import Decision
from keyhouse.core.entities import KeyKind, Resource
from keyhouse.core.hosts import cover_of
from keyhouse.core.keyring import Keyring, KeyringState, Pepper
from keyhouse.core.limits import left_of, rate_limit, take
from keyhouse.core.patterns import Referrers
from keyhouse.core.pending import Pending
from keyhouse.core.prefixes import Prefixes  # noqa: TC001 - imports stand in one place
from keyhouse.core.quotas import FOREVER_US
from keyhouse.core.records import (
    ApiRecord,
    ApplicationRecord,
    GrantRecord,
    KeyRecord,
    Line,
    SecretRecord,
)
from keyhouse.core.request import Request
from keyhouse.core.reservations import Reservation
from keyhouse.core.usage import Completed, Use
from keyhouse.core.verdict import Verdict
from keyhouse.services.meter.meter import use_of
from keyhouse.services.verify.hosts import HostIndex

KEY = b"kh_sk_test_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"
LIMITED = b"kh_sk_test_limitedlimitedlimitedlimitedli0sWzYa"
FENCED = b"kh_sk_test_fencedfencedfencedfencedfenced2XKAcC"
MANAGER = b"kh_mk_managermanagermanagermanagerma0Pb0dH"
BYSTANDER = b"kh_mk_bystanderbystanderbystanderbys0P5UnA"
NAMED = b"kh_sk_test_CTQj2uNU3MFagCXG9LRKRcwGkBIDlf2PsEUb"
NAMED_ID = "key_02usyDNX6eAmynbjwDBYMi"
NOW_US = 1_760_000_000_000_000


def api_record(slug: str, url: str, **changes: Any) -> ApiRecord:
    fields: dict[str, Any] = {
        "id": f"api_{slug}",
        "organization_id": "org_1",
        "project_id": "prj_1",
        "slug": slug,
        "upstreams": {"test": url},
        "key_header": b"x-api-key",
        "query_parameter": None,
        "endpoints": None,
        "routes": (),
        "rates": (),
        "quotas": (),
        "disabled": False,
        **changes,
    }
    return ApiRecord(**fields)


def key_record(name: str, **changes: Any) -> KeyRecord:
    grant = GrantRecord(
        Resource.ORGANIZATION, "org_1", "org_1", None, frozenset(("forecast:read", "a:b"))
    )
    fields: dict[str, Any] = {
        "id": f"key_{name}",
        "name": name,
        "organization_id": "org_1",
        "project_id": "prj_1",
        "application_id": "app_1",
        "kind": KeyKind.SERVER,
        "environment": "test",
        "starts_us": 0,
        "ends_us": FOREVER_US,
        "disabled": False,
        "revoked": False,
        "deleted": False,
        "networks": None,
        "referrers": None,
        "endpoints": None,
        "rates": (),
        "quotas": (),
        "grants": (grant,),
        "secrets": (),
        **changes,
    }
    return KeyRecord(**fields)


class ManagementKey:
    def __init__(self, id: str, *api_ids: str) -> None:
        self.id = id
        self._api_ids = api_ids

    def holds(self, scope: str) -> bool:
        return bool(self._api_ids)

    def may(
        self, scope: str, *, project_id: str | None = None, api_id: str | None = None
    ) -> bool:
        return scope == "keys:verify" and api_id in self._api_ids


class Verifier:
    """Decides with the real walk. `pending` has each answer come from a thread."""

    def __init__(self, url: str) -> None:
        self.apis = {
            "weather": api_record("weather", url),
            "query": api_record("query", url, query_parameter=b"api_key"),
            "own": api_record("own", url, key_header=b"x-acme-key"),
            "based": api_record("based", f"{url}/base/"),
            "none": api_record("none", url, upstreams={}),
            "pages": api_record(
                "pages",
                url,
                refuses_browsers=False,
                cors_origins=Referrers(("https://*.shop.example",)),
            ),
            "own-pages": api_record(
                "own-pages",
                url,
                key_header=b"x-acme-key",
                cors_origins=Referrers(("https://shop.example",)),
            ),
            "kept": api_record("kept", url, keeps_prefix=True),
        }
        self.keys = {
            KEY: key_record("one"),
            LIMITED: key_record("limited", rates=(rate_limit("per-minute", 2, 60, None),)),
            NAMED: key_record("named", id=NAMED_ID),
            FENCED: key_record("fenced", networks=Networks(("203.0.113.0/24",))),
        }
        self.secrets: dict[bytes, SecretRecord] = {}
        self.application = ApplicationRecord(
            "app_1", "org_1", "prj_1", "App", "cust-ü", False
        )
        self.managers = {
            MANAGER: ManagementKey("key_manager", "api_weather"),
            BYSTANDER: ManagementKey("key_bystander"),
        }
        self.hosts = HostIndex()
        self.host_slugs: dict[str, str | Prefixes] = {}
        self.requests: list[Request] = []
        self.looks = 0
        self.exposures: list[tuple[bytes | None, str]] = []
        self.managing: list[tuple[bytes, str | None]] = []
        self.released: list[Decision] = []
        self.refunded: list[tuple[Decision, int]] = []
        self.pending = False
        self.applied = 7
        self.failure: Exception | None = None
        self._tats: dict[str, int] = {}
        self._lines: dict[tuple[bytes, str], Line] = {}

    def _perhaps(self, value: Any) -> Any:
        if self.failure is not None:
            return Pending("x", lambda: None, lambda _: self.failure)
        if not self.pending:
            return value
        return Pending(object(), lambda: None, lambda _: value)

    def known_api(self, slug: str) -> ApiRecord | None:
        known = not self.pending and self.failure is None
        return self.apis.get(slug) if known else None

    def api(self, slug: str, address: int = UNKNOWN) -> Any:
        return self._perhaps(self.apis.get(slug))

    def host(self, name: str, address: int = UNKNOWN) -> Any:
        if self.failure is not None:
            return self._perhaps(None)
        lead = self.host_slugs.get(name) or self.host_slugs.get(cover_of(name)) or ""
        self.hosts.keep(name, lead)
        return self._perhaps(lead)

    def management(self, secret: bytes, address: int, key_id: str | None = None) -> Any:
        self.managing.append((secret, key_id))
        return self._perhaps(self.managers.get(secret, Verdict.UNKNOWN))

    def exposed(self, request: Request) -> Any:
        self.exposures.append((request.secret, request.api))
        return self._perhaps(None)

    def release(self, decision: Decision) -> None:
        self.released.append(decision)

    def refund(self, decision: Decision, units: int) -> None:
        self.refunded.append((decision, units))

    def verify(self, request: Request) -> Any:
        self.requests.append(request)
        return self._perhaps(self._decision(request))

    def look_again(self, request: Request) -> Any:
        self.requests.append(request)
        self.looks += 1
        return self._perhaps(self._decision(request, spends=False))

    def _decision(self, request: Request, *, spends: bool = True) -> Decision:
        secret = request.secret
        if secret is None:
            return Decision(Verdict.MISSING, NOW_US)
        key = self.keys.get(secret)
        if key is None:
            return Decision(Verdict.UNKNOWN, NOW_US)
        line = self._line(secret, key, request.api)
        passed = decide(line, request, NOW_US)
        decision = Decision(
            passed.verdict,
            NOW_US,
            line,
            passed.route_id,
            passed.units,
            passed.scopes_missing,
        )
        if spends and decision.allowed and line.rates:
            self._take(decision, line)
        return decision

    def _line(self, secret: bytes, key: KeyRecord, slug: str) -> Line:
        way = (secret, slug)
        if way not in self._lines:
            usual = SecretRecord("sec_1", 1, 0, FOREVER_US, False)
            record = self.secrets.get(secret, usual)
            self._lines[way] = compile_line(
                record, key, self.application, self.apis[slug], owners=(), providers=()
            )
        return self._lines[way]

    def _take(self, decision: Decision, line: Line) -> None:
        use = line.rates[0]
        taken = take(use.limit, self._tats.get(use.counter, 0), decision.units, NOW_US)
        self._tats[use.counter] = taken.tat_us
        decision.left = left_of([taken])
        if not taken.allowed:
            decision.verdict, decision.units = Verdict.RATE_LIMITED, 0
            decision.retry_us = taken.retry_us


class Settlements:
    """`ports.SettlementLedger` in memory; `failure` is raised."""

    def __init__(self) -> None:
        self.came_to: dict[str, int] = {}
        self.failure: Exception | None = None

    def settle(self, reservation: Reservation, units: int, now_us: int) -> int:
        if self.failure is not None:
            raise self.failure
        return self.came_to.setdefault(reservation.request_id, units)


KEYRING = Keyring((Pepper("pep_1", KeyringState.ACTIVE, bytes(32)),))


class Meter:
    """Remembers what it was told; `full` refuses it, `lost` does so with ends."""

    def __init__(self) -> None:
        self.full = self.lost = False
        self.served_rows: list[dict[str, Any]] = []
        self.completed_rows: list[dict[str, Any]] = []
        self._numbers = itertools.count(1)

    def new_request_id(self, now_us: int) -> str:
        return f"req_{next(self._numbers):022d}"

    def served(self, request_id: str, decision: Decision, *rest: Any) -> Use | None:
        if self.full:
            return None
        row = dict(zip(("api", "method", "path", "address"), rest, strict=True))
        self.served_rows.append({"id": request_id, "code": decision.code, **row})
        return use_of(decision, rest[0])

    def beside(self, door: str, decision: Decision) -> None:
        self.served_rows[-1]["door"] = door

    def completed(self, request_id: str, decision: Decision, *rest: Any) -> None:
        names = ("use", "status", "latency_us", "bytes_in", "bytes_out")
        row = dict(zip(names, rest, strict=True))
        told = {"id": request_id, "code": decision.code, "refund": 0}
        self.completed_rows.append({**told, **row})

    def settled(self, ended: Completed, decision: Decision, refund: int) -> bool:
        row = ended._asdict()
        for name in ("request_id", "at_us", "verdict", "refund"):
            del row[name]
        told = {"id": ended.request_id, "code": decision.code, "refund": refund}
        self.completed_rows.append({**told, **row})
        return not self.lost
