import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import Run, Server

_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
_WEBHOOK: dict[str, Any] = {
    "id": "whk_1",
    "name": "Accounting",
    "url": "https://example.com/hooks",
    "events": ["key.revoked"],
    "disabled_because": None,
    "failing_since": None,
}
_DELIVERY: dict[str, Any] = {
    "id": "dlv_1",
    "type": "key.revoked",
    "state": "failed",
    "attempts": 8,
    "status": 503,
    "error": "",
    "last_at": "2030-01-01T00:00:00Z",
    "next_at": None,
}


def test_a_webhook_is_made_and_its_secret_alone_is_on_stdout(
    run: Run, server: Server
) -> None:
    made = {**_WEBHOOK, "secret": _SECRET, "secret_already_shown": False}
    server.answer("POST", "/v1/webhooks", 201, made)
    line = ("create", _WEBHOOK["url"], "--event", "key.revoked", "--show-secret")
    told = run("webhooks", *line)
    assert told.stdout == f"{_SECRET}\n"
    assert server.asked[0].body == {"url": _WEBHOOK["url"], "events": ["key.revoked"]}


def test_one_without_events_hears_of_all(run: Run, server: Server) -> None:
    server.answer("POST", "/v1/webhooks", 201, {**_WEBHOOK, "secret": _SECRET})
    named = ("--name", "A", "--project", "prj_1")
    run("webhooks", "create", _WEBHOOK["url"], *named, "--json")
    body = server.asked[0].body
    assert (body["events"], body["name"], body["project"]) == (["*"], "A", "prj_1")


def test_a_new_secret_goes_into_a_file_for_its_owner_alone(
    run: Run, server: Server, tmp_path: Path
) -> None:
    at = "/v1/webhooks/whk_1/rotate-secret"
    server.answer("POST", at, 201, {**_WEBHOOK, "secret": _SECRET})
    out = tmp_path / "webhook.secret"
    line = ("webhooks", "rotate-secret", "whk_1", "--overlap", "12h", "--out", str(out))
    assert _SECRET not in run(*line).stdout
    assert server.asked[0].body == {"overlap_seconds": 43_200}
    assert out.read_text() == f"{_SECRET}\n"
    assert out.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("options", "body"),
    [
        (("--enable",), {"disabled": False}),
        (("--disable",), {"disabled": True}),
        (("--event", "a.b", "--event", "c.d"), {"events": ["a.b", "c.d"]}),
        (("--url", "https://b.example"), {"url": "https://b.example"}),
    ],
)
def test_what_is_named_is_changed_and_nothing_else(
    run: Run, server: Server, options: tuple[str, ...], body: object
) -> None:
    server.answer("PATCH", "/v1/webhooks/whk_1", 200, _WEBHOOK)
    assert run("webhooks", "update", "whk_1", *options).exit_code == 0
    assert server.asked[0].body == body


def test_deliveries_are_listed_tested_and_replayed(run: Run, server: Server) -> None:
    at = "/v1/webhooks/whk_1"
    page = {"data": [_DELIVERY], "next_cursor": None}
    server.answer("GET", f"{at}/deliveries", 200, page)
    server.answer("POST", f"{at}/test", 200, _DELIVERY)
    server.answer("POST", f"{at}/deliveries/dlv_1/replay", 200, _DELIVERY)
    listed = run("webhooks", "deliveries", "whk_1", "--state", "failed")
    assert "503" in listed.stdout
    assert server.asked[0].path == f"{at}/deliveries?state=failed&limit=50"
    for line in (("test", "whk_1"), ("replay", "whk_1", "dlv_1")):
        told = run("webhooks", *line, "--json")
        assert json.loads(told.stdout) == _DELIVERY, told.stderr
