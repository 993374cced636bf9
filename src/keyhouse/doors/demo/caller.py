"""Who calls in the story: makes one step of each call, and keeps count."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx

from keyhouse.doors.demo import checks
from keyhouse.doors.demo.checks import Check
from keyhouse.doors.demo.steps import Step, Tell

SLUG = "webdata"
EXTRACT = f"/{SLUG}/extract"
_TIMEOUT_SECONDS = 60.0

Body = dict[str, Any]


class Stage(NamedTuple):
    """Where everything is. `restart_gateway` kills it and waits until one serves."""

    gateway: str
    management: str
    upstream: str
    page: str
    upload: bytes
    management_key: str
    restart_gateway: Callable[[], int]


class Caller:
    """Calls both doors and tells a step of each call.

    `served` counts what the API was passed; `names` has the keys' names by id.
    """

    def __init__(self, stage: Stage, tell: Tell) -> None:
        self.served = 0
        self.all_ok = True
        self.names: dict[str, str] = {}
        self._stage = stage
        self._tell = tell
        self._management = httpx.Client(
            base_url=stage.management,
            headers={"Authorization": f"Bearer {stage.management_key}"},
            timeout=_TIMEOUT_SECONDS,
        )
        self._gateway = self._connect()

    def manage(
        self,
        name: str,
        expected: int,
        call: tuple[str, str],
        body: Body | None = None,
        check: Check | None = None,
        headers: dict[str, str] | None = None,
    ) -> Body:
        """One call (method and path) of the management API; gives its answer."""
        answer = self._step(
            name,
            expected,
            lambda: self._management.request(*call, json=body, headers=headers),
            check,
        )
        return dict(answer.json())

    def key(self, name: str, **fields: object) -> Body:
        """A new key that opens the API; its answer, with the secret."""
        body: Body = {"name": name, "access": [{"api": SLUG, "scopes": []}], **fields}
        title = f"create the key '{name}'"
        made = self.manage(title, 201, ("POST", "/v1/keys"), body, checks.shown)
        self.names[str(made["id"])] = name
        return made

    def call(
        self,
        name: str,
        expected: int,
        headers: dict[str, str],
        check: Check | None = None,
        query: dict[str, str] | None = None,
        upload: bytes | None = None,
    ) -> None:
        """One call of the API: of its cheapest resource, unless there is a query

        for, or an upload to, the one that reads pages.
        """
        self._step(name, expected, lambda: self._get(headers, query, upload), check)

    def call_until_refused(self, secret: str, seconds_max: float) -> tuple[int, int]:
        """Call and call again; the status that ended it, and how many passed."""
        headers = {"X-API-Key": secret}
        end = time.perf_counter() + seconds_max
        passed = 0
        while (status := self._get(headers).status_code) == 200:
            passed += 1
            if time.perf_counter() > end:
                break
        self.served += passed
        return status, passed

    def usage(self) -> list[Body]:
        """What the management API says was counted, by key."""
        query = {"group_by": "key", "step": "day", "api": SLUG}
        answer = self._management.get("/v1/usage", params=query).raise_for_status()
        return list(answer.json()["data"])

    def restart_gateway(self) -> int:
        """The status with which the gateway is back; connections are new after it."""
        status = self._stage.restart_gateway()
        self._gateway.close()
        self._gateway = self._connect()
        return status

    def told(self, step: Step) -> None:
        """Tell a step that was no single call."""
        self.all_ok = self.all_ok and step.ok
        self._tell(step)

    def close(self) -> None:
        """Close all connections."""
        self._management.close()
        self._gateway.close()

    def _connect(self) -> httpx.Client:
        return httpx.Client(base_url=self._stage.gateway, timeout=_TIMEOUT_SECONDS)

    def _get(
        self,
        headers: dict[str, str],
        query: dict[str, str] | None = None,
        upload: bytes | None = None,
    ) -> httpx.Response:
        if upload is not None:
            sent = {**headers, "Content-Type": "text/html"}
            return self._gateway.post(EXTRACT, content=upload, headers=sent)
        path = EXTRACT if query else f"/{SLUG}/healthz"
        return self._gateway.get(path, params=query, headers=headers)

    def _step(
        self,
        name: str,
        expected: int,
        ask: Callable[[], httpx.Response],
        check: Check | None,
    ) -> httpx.Response:
        began = time.perf_counter()
        answer = ask()
        ms = milliseconds(began)
        if answer.status_code == 200 and str(answer.url).startswith(self._stage.gateway):
            self.served += 1
        detail: str | None = None
        if answer.status_code == expected:
            detail = _checked(answer, check)
        ok = detail is not None
        words = detail if detail is not None else f"came: {answer.text[:300]}"
        self.told(Step(name, expected, answer.status_code, ok, ms, words))
        return answer


def _checked(answer: httpx.Response, check: Check | None) -> str | None:
    """The detail, None for an answer that is not what it should be."""
    try:
        return check(answer) if check is not None else ""
    except (LookupError, ValueError):
        return None


def milliseconds(began: float) -> float:
    """Since a `perf_counter` moment."""
    return round((time.perf_counter() - began) * 1000, 1)
