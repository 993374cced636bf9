"""`verify_webhook`: what a receiver believes, and what not."""

import json
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from standardwebhooks import Webhook

from keyhouse.core.webhooks import signed_headers, told_secret
from keyhouse_client import (
    Client,
    ForgedWebhook,
    verify_webhook,
)
from tests.repository.places import ROOT

if TYPE_CHECKING:
    from tests.client.conftest import Desk

# The vector that the libraries of standardwebhooks.com test themselves with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
NOW = 1_614_265_330
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
Change = Callable[[dict[str, str]], object]


def test_the_published_vector_is_believed() -> None:
    assert verify_webhook(SECRET, HEADERS, BODY, now=NOW) == {"test": 2432232314}
    titled = {name.title(): value for name, value in HEADERS.items()}
    assert verify_webhook(SECRET, titled, BODY.decode(), now=NOW)


def test_what_the_schemes_own_library_signs_is_believed_and_ours_by_it() -> None:
    """Whoever knows the scheme needs to know nothing of Keyhouse."""
    from datetime import UTC, datetime

    at = datetime.now(tz=UTC)
    seconds = int(at.timestamp())
    theirs = Webhook(SECRET).sign("evt_1", at, BODY.decode())
    told = {"webhook-id": "evt_1", "webhook-timestamp": str(seconds)}
    assert verify_webhook(SECRET, {**told, "webhook-signature": theirs}, BODY)
    raw = bytes(range(32))
    ours = signed_headers([b"another", raw], "evt_1", seconds * 1_000_000, BODY)
    assert Webhook(told_secret(raw)).verify(BODY, ours) == json.loads(BODY)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_clocks_may_differ_by_five_minutes(seconds: int) -> None:
    assert verify_webhook(SECRET, HEADERS, BODY, now=NOW + seconds)
    with pytest.raises(ForgedWebhook, match="clocks"):
        verify_webhook(SECRET, HEADERS, BODY, now=NOW + seconds + seconds // 300)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found.pop("webhook-id"), "has no webhook-id"),
        (lambda found: found.pop("webhook-timestamp"), "has no webhook-timestamp"),
        (lambda found: found.update({"webhook-timestamp": "soon"}), "no number"),
        (lambda found: found.update({"webhook-timestamp": "1614265331"}), "no signature"),
        (lambda found: found.update({"webhook-id": "msg_2"}), "no signature"),
        (lambda found: found.update({"webhook-signature": "v1,AAAA"}), "no signature"),
        (lambda found: found.update({"webhook-signature": "v1a,g0hM"}), "no signature"),
        (lambda found: found.update({"webhook-signature": "v1,\x00 ,,"}), "no signature"),
    ],
)
def test_what_is_forged_is_not_believed(change: Change, said: str) -> None:
    headers = dict(HEADERS)
    change(headers)
    with pytest.raises(ForgedWebhook, match=said):
        verify_webhook(SECRET, headers, BODY, now=NOW)


@pytest.mark.parametrize("body", [b"", BODY + b" ", b'{"test": 2432232315}'])
def test_a_body_that_was_changed_is_not_believed(body: bytes) -> None:
    with pytest.raises(ForgedWebhook, match="no signature"):
        verify_webhook(SECRET, HEADERS, body, now=NOW)


def test_one_signature_of_several_is_enough_and_another_version_is_passed_over() -> None:
    good = HEADERS["webhook-signature"]
    headers = {**HEADERS, "webhook-signature": f"v1a,x v2,AAAA v1,AAAA {good}"}
    assert verify_webhook(SECRET, headers, BODY, now=NOW)
    future = {**HEADERS, "webhook-signature": good.replace("v1", "v2")}
    with pytest.raises(ForgedWebhook):
        verify_webhook(SECRET, future, BODY, now=NOW)


@pytest.mark.parametrize("body", [b"[1]", b"nonsense", b"\xff"])
def test_a_body_that_is_no_event_is_told_as_that(body: bytes) -> None:
    raw = b"r" * 32
    headers = signed_headers([raw], "evt_1", NOW * 1_000_000, body)
    with pytest.raises(ForgedWebhook, match="body"):
        verify_webhook(told_secret(raw), headers, body, now=NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64", "whsec_AAAA"])
def test_a_secret_that_is_none_is_our_own_fault_and_not_the_senders(secret: str) -> None:
    """Where it was forgotten, nothing that is signed with nothing may be believed."""
    with pytest.raises(ValueError, match="whsec_") as raised:
        verify_webhook(secret, HEADERS, BODY, now=NOW)
    assert not isinstance(raised.value, ForgedWebhook)


async def test_the_receiver_of_the_page_believes_what_is_ours_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs" / "how-to" / "receive-webhooks.md").read_text("utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    told: dict[str, Any] = {"__name__": "told"}
    exec(compile(block, "receive-webhooks.md", "exec"), told)  # noqa: S102  (the page's own)
    raw, body = b"r" * 32, b'{"type":"key.revoked","data":{}}'
    monkeypatch.setenv("WEBHOOK_SECRET", told_secret(raw))
    headers = signed_headers([raw], "evt_1", time.time_ns() // 1000, body)
    transport = httpx.ASGITransport(told["app"])
    async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
        for _ in range(2):
            answer = await client.post("/hooks", content=body, headers=headers)
            assert answer.status_code == 204
        forged = await client.post("/hooks", content=body + b" ", headers=headers)
    assert forged.status_code == 400
    assert capsys.readouterr().out == "key.revoked {}\n"


# -- the resource -------------------------------------------------------------------


@pytest.fixture
def client(desk: "Desk") -> Any:
    with Client(desk.url, "kh_mk_0123456789abcdefghijABCDEFGHIJ000000") as made:
        yield made


def test_a_webhook_is_made_rotated_tested_and_replayed(
    desk: "Desk", client: Client
) -> None:
    for status in (201, 201, 200, 200):
        desk.say(status, {"id": "x"})
    client.webhooks.create("https://a.example", ["key.revoked"], name="A")
    client.webhooks.rotate_secret("whk_1", 60)
    client.webhooks.test("whk_1")
    client.webhooks.deliveries("whk_1").replay("dlv_1")
    assert [(one.path, one.body) for one in desk.asked] == [
        (
            "/v1/webhooks",
            {"url": "https://a.example", "events": ["key.revoked"], "name": "A"},
        ),
        ("/v1/webhooks/whk_1/rotate-secret", {"overlap_seconds": 60}),
        ("/v1/webhooks/whk_1/test", None),
        ("/v1/webhooks/whk_1/deliveries/dlv_1/replay", None),
    ]
    assert all(one.headers["Idempotency-Key"] for one in desk.asked)
