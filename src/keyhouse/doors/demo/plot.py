"""The story itself: what is asked of which door, and what should come of it."""

import secrets
import time

import httpx

from keyhouse.core.entities import Environment, KeyKind
from keyhouse.core.secret import ENTROPY_BYTES, mint
from keyhouse.doors.demo import checks
from keyhouse.doors.demo.caller import SLUG, Body, Caller, Stage, milliseconds
from keyhouse.doors.demo.steps import Step

QUERY_PARAMETER = "key"
RATE = 3
QUOTA = 5
REFUSED_SECONDS_MAX = 1.0
METERED_SECONDS_MAX = 30.0
_ELSEWHERE = "203.0.113.0/24"


class Plot:
    """Plays the story once. `usage` and `secret` are what it leaves to be shown."""

    def __init__(self, stage: Stage, caller: Caller) -> None:
        self.usage: list[Body] = []
        self.secret = ""
        self._stage = stage
        self._caller = caller

    def play(self) -> bool:
        """All chapters in order; whether each step went as it should."""
        chapters = (
            self._creation,
            self._calls,
            self._refusals,
            self._networks,
            self._rate,
            self._quota,
            self._revocation,
            self._counting,
        )
        for chapter in chapters:
            try:
                chapter()
            except (httpx.HTTPError, LookupError, ValueError) as error:
                name = chapter.__name__.strip("_")
                self._caller.told(Step(name, 200, 0, False, 0.0, repr(error)))
                if chapter == self._creation:
                    break
        return self._caller.all_ok

    def _creation(self) -> None:
        api = {
            "slug": SLUG,
            "name": "Web data",
            "upstreams": dict.fromkeys(Environment, self._stage.upstream),
            "query_parameter": QUERY_PARAMETER,
            "limits": [{"name": "steady", "rate": 6000, "period_seconds": 60}],
        }
        self._caller.manage("create the API", 201, ("POST", "/v1/apis"), api, checks.named)
        application = self._caller.manage(
            "create the application",
            201,
            ("POST", "/v1/applications"),
            {"name": "Reading list", "purpose": "Shows what pages are about"},
            checks.named,
        )
        self._first_key(str(application["id"]))

    def _first_key(self, application: str) -> None:
        manage = self._caller.manage
        call = ("POST", "/v1/keys")
        access = [{"api": SLUG, "scopes": []}]
        body: Body = {"name": "story", "access": access, "application": application}
        once = {"Idempotency-Key": secrets.token_hex(16)}
        made = manage(
            "create a key; its secret is shown", 201, call, body, checks.shown, once
        )
        id, self.secret = str(made["id"]), str(made["secret"])
        self._caller.names[id] = "story"
        look = ("GET", f"/v1/keys/{id}")
        manage("look at the key: no secret", 200, look, None, checks.without(self.secret))
        title = "the same request again: the same key, no secret"
        manage(title, 201, call, body, checks.replayed(id), once)

    def _calls(self) -> None:
        call = self._caller.call
        url = {"url": self._stage.page}
        header = {"X-API-Key": self.secret}
        bearer = {"Authorization": f"Bearer {self.secret}"}
        call("GET with the key in X-API-Key", 200, header, checks.title, url)
        call("GET with the key as Bearer", 200, bearer, checks.title, url)
        in_query = {**url, QUERY_PARAMETER: self.secret}
        call("GET with the key in the query", 200, {}, checks.title, in_query)
        call("POST of an HTML page", 200, header, checks.title, upload=self._stage.upload)

    def _refusals(self) -> None:
        call = self._caller.call
        entropy = secrets.token_bytes(ENTROPY_BYTES)
        unknown = mint("kh", KeyKind.SERVER, Environment.TEST, entropy).reveal()
        bad = checks.problem("unknown")
        call("no key", 401, {}, checks.problem("missing"))
        call("garbage for a key", 401, {"X-API-Key": "garbage"}, bad)
        call("a well-formed key that nobody has", 401, {"X-API-Key": unknown}, bad)
        two = {"X-API-Key": self.secret, "Authorization": f"Bearer {unknown}"}
        call("two different keys", 400, two, checks.problem("conflicting_credentials"))

    def _networks(self) -> None:
        made = self._caller.key(
            "elsewhere", restrictions={"networks_allowed": [_ELSEWHERE]}
        )
        header = {"X-API-Key": str(made["secret"])}
        title = f"from here, with a key for {_ELSEWHERE}"
        self._caller.call(title, 403, header, checks.problem("ip_not_allowed"))

    def _rate(self) -> None:
        limit = {"name": "slow", "rate": RATE, "period_seconds": 60, "burst": RATE}
        header = {"X-API-Key": str(self._caller.key("slow", limits=[limit])["secret"])}
        for number in range(1, RATE + 1):
            self._caller.call(f"call {number} of {RATE} a minute", 200, header)
        self._caller.call("beyond the rate limit", 429, header, checks.wait("rate_limited"))

    def _quota(self) -> None:
        limit = {"name": "small", "quota": QUOTA, "window": "month", "zone": "UTC"}
        header = {"X-API-Key": str(self._caller.key("small", limits=[limit])["secret"])}
        for number in range(1, QUOTA + 1):
            self._caller.call(f"call {number} of {QUOTA} this month", 200, header)
        used_up = checks.wait("quota_exceeded")
        self._caller.call("beyond the quota", 429, header, used_up)
        began = time.perf_counter()
        status = self._caller.restart_gateway()
        title = "kill -9 the gateway: it is back"
        ms = milliseconds(began)
        self._caller.told(Step(title, 200, status, status == 200, ms))
        self._caller.call("the quota is still used up", 429, header, used_up)

    def _revocation(self) -> None:
        made = self._caller.key("short-lived")
        secret = str(made["secret"])
        self._caller.call("the key to be revoked", 200, {"X-API-Key": secret})
        self._caller.manage("revoke it", 200, ("POST", f"/v1/keys/{made['id']}/revoke"))
        began = time.perf_counter()
        status, passed = self._caller.call_until_refused(secret, REFUSED_SECONDS_MAX)
        ms = milliseconds(began)
        detail = f"refused {ms} ms after the revocation's answer; {passed} passed between"
        title = "revoked: the next call"
        self._caller.told(Step(title, 401, status, status == 401, ms, detail))

    def _counting(self) -> None:
        began = time.perf_counter()
        metered = -1
        while metered != self._caller.served:
            self.usage = self._caller.usage()
            metered = sum(int(row["requests"]) for row in self.usage if _passed(row))
            if milliseconds(began) > METERED_SECONDS_MAX * 1000:
                break
            time.sleep(0.1)
        ok = metered == self._caller.served
        detail = f"served {self._caller.served}, metered {metered}"
        title = "the usage: all that was served is counted"
        self._caller.told(Step(title, 200, 200, ok, milliseconds(began), detail))
        names = self._caller.names
        for row in self.usage:
            row["key"] = names.get(str(row.get("key")), row.get("key") or "-")


def _passed(row: Body) -> bool:
    return bool(row["verdict"] == "valid")
