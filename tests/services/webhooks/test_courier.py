"""Events arrive at least once, signed, whatever the receiver does."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import replace

import pytest

from keyhouse.adapters.webhook import HttpWebhookSender, tls_context
from keyhouse.core.entities import AuditRow, DeliveryState, DisabledBecause, Job
from keyhouse.core.webhooks import PAUSES_SECONDS, WEBHOOKS_MAX
from keyhouse.ports import Sent
from keyhouse.services import tenants, webhooks
from keyhouse.services.jobs import Overtaken
from keyhouse.services.jobs.holding import HELD_US
from keyhouse.services.webhooks import Courier, courier
from keyhouse_client import ForgedWebhook, verify_webhook
from tests.servers.receiver import Got, Receiver
from tests.services.webhooks.conftest import DAY_US, SECOND_US, Post


class Breaking(HttpWebhookSender):
    """A sender with a fault of its own, which one name brings out."""

    def __init__(self) -> None:
        super().__init__(tls_context())

    async def send(
        self, url: str, headers: Mapping[str, str], body: bytes, *, private: bool
    ) -> Sent:
        if "bad" in url:
            raise ZeroDivisionError
        return await super().send(url, headers, body, private=private)


def rename(post: Post, name: str = "Weather") -> None:
    """Something happens that endpoints hear of."""
    changes: tenants.ProjectChanges = {"name": name}
    post.office.write(
        post.actor, lambda work: tenants.change_project(work, post.project, changes)
    )


def read(post: Post, secret: str, got: Got) -> dict[str, object]:
    return verify_webhook(secret, got.headers, got.body, now=post.clock.at_us / SECOND_US)


def test_an_event_arrives_signed_and_says_what_happened(
    post: Post, receiver: Receiver
) -> None:
    made = post.webhook(receiver.url)
    rename(post)
    post.send()
    (got,) = receiver.got
    assert got.path == "/hooks?from=keyhouse"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    event = read(post, made.secret, got)
    assert event["type"] == "project.changed"
    assert event["data"] == {
        "project": post.project,
        "organization": post.organization,
        "actor": "usr_1",
        "changed": ["name"],
    }
    (delivery,) = post.deliveries()
    assert got.headers["webhook-id"] == delivery.event_id
    assert (delivery.state, delivery.status) == (DeliveryState.DELIVERED, 204)


def test_what_happens_in_a_transaction_that_fails_is_told_to_nobody(
    post: Post, receiver: Receiver
) -> None:
    post.webhook(receiver.url)

    def fail(work: object) -> None:
        tenants.change_project(work, post.project, {"name": "x"})  # type: ignore[arg-type]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        post.office.write(post.actor, fail)
    post.send()
    assert receiver.got == []


def test_an_endpoint_hears_of_what_it_chose_and_of_no_other(
    post: Post, receiver: Receiver
) -> None:
    post.webhook(receiver.url, "key.revoked")
    post.webhook(receiver.url, "project.changed")
    off = post.webhook(receiver.url, "project.changed").webhook
    post.office.write(
        post.actor, lambda work: webhooks.change_webhook(work, off.id, {"disabled": True})
    )
    rename(post)
    post.send()
    assert len(receiver.got) == 1


def test_a_rotated_secret_and_the_one_before_sign_both_for_the_overlap(
    post: Post, receiver: Receiver
) -> None:
    old = post.webhook(receiver.url)
    id = old.webhook.id
    new = post.office.write(
        post.actor, lambda work: webhooks.rotate_webhook(work, id, 3600)
    ).value
    assert new.secret != old.secret
    rename(post)
    post.send()
    for secret in (old.secret, new.secret):
        assert read(post, secret, receiver.got[0])["type"] == "project.changed"
    post.clock.at_us += 3601 * SECOND_US
    rename(post, "Climate")
    post.send()
    assert read(post, new.secret, receiver.got[1])
    with pytest.raises(ForgedWebhook):
        read(post, old.secret, receiver.got[1])


@pytest.mark.parametrize("status", [500, 503, 404, 301, 302])
def test_every_answer_but_a_good_one_is_tried_again(
    post: Post, receiver: Receiver, status: int
) -> None:
    post.webhook(receiver.url)
    receiver.status, receiver.answer = status, b"not\0 now" + b"x" * 5000
    receiver.headers = {"Location": receiver.url}
    rename(post)
    post.send()
    (first,) = post.deliveries()
    assert (first.state, first.status, first.attempts) == ("pending", status, 1)
    assert first.answer.startswith("not? now")
    assert len(first.answer) <= 1024
    assert len(receiver.got) == 1, "a redirect is not followed"
    post.send()
    assert len(receiver.got) == 1, "not before its time"
    receiver.status = 204
    post.clock.at_us += 7 * SECOND_US
    post.send()
    one, two = receiver.got
    assert one.headers["webhook-id"] == two.headers["webhook-id"]
    assert one.body == two.body
    assert post.deliveries()[0].state == DeliveryState.DELIVERED


def test_a_receiver_that_hangs_up_or_is_not_there_is_tried_again(
    post: Post, receiver: Receiver
) -> None:
    post.webhook(receiver.url)
    post.webhook("http://127.0.0.1:9/nobody")
    receiver.hangs_up = True
    rename(post)
    post.send()
    for delivery in post.deliveries():
        assert (delivery.state, delivery.status) == ("pending", None)
        assert delivery.error.startswith("no connection")


def test_a_slow_receiver_is_not_waited_for_and_holds_up_no_other(
    post: Post, receiver: Receiver
) -> None:
    let_go = threading.Event()
    receiver.before = lambda: let_go.wait(20)
    post.seconds_max = 3.0
    post.webhook(receiver.url, "project.changed")
    with Receiver().listening() as other:
        post.webhook(other.url, "project.changed")
        for name in ("a", "b", "c", "d", "e"):
            rename(post, name)
        started = time.monotonic()
        sending = threading.Thread(target=post.send)
        sending.start()
        other.wait_for(5)
        assert time.monotonic() - started < 3.0, "it waited for the slow one"
        sending.join(20)
        let_go.set()
    assert not sending.is_alive()
    slow = [one for one in post.deliveries() if one.state == DeliveryState.PENDING]
    assert {one.error for one in slow} == {"no answer in 3 s"}
    assert len(slow) == 5


def test_an_organization_whose_endpoints_all_hang_holds_up_no_other(
    post: Post, receiver: Receiver
) -> None:
    let_go = threading.Event()
    receiver.before = lambda: let_go.wait(20)
    post.seconds_max = 20.0
    theirs = post.beside("Initech")
    for _ in range(WEBHOOKS_MAX):
        theirs.webhook(receiver.url)
    for number in range(courier.EACH_MAX):
        rename(theirs, f"theirs {number}")
    sending = threading.Thread(target=post.send)
    with Receiver().listening() as other:
        post.webhook(other.url)
        for number in range(courier.IN_FLIGHT_MAX + 1):
            rename(post, f"ours {number}")
        sending.start()
        try:
            other.wait_for_ids(courier.IN_FLIGHT_MAX + 1)
            assert len(receiver.got) <= courier.ORGANIZATION_MAX
        finally:
            let_go.set()
            sending.join(20)
    assert not sending.is_alive()
    assert {one.state for one in post.deliveries()} == {DeliveryState.DELIVERED}


def test_no_organization_has_its_second_turn_before_another_has_its_first(
    post: Post, receiver: Receiver
) -> None:
    """Of those that have something due chance alone would choose whoever has most."""
    theirs = post.beside("Initech")
    for _ in range(WEBHOOKS_MAX):
        theirs.webhook(receiver.url)
    post.webhook(receiver.url)
    rename(theirs)
    rename(post)
    for most in (2, 3):
        for _ in range(10):
            due = post.database.deliveries.due(post.clock.at_us, most, 1)
            assert len(due) == most
            first_two = {one.organization_id for one in due[:2]}
            assert first_two == {post.organization, theirs.organization}


def test_a_delivery_that_fails_as_nobody_foresaw_ends_no_round(
    post: Post, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """Else one tenant's endpoint ends the webhooks of all others, in every round."""
    bad = post.webhook("https://bad.example.com/secret-token").webhook
    post.webhook(receiver.url)
    for number in range(courier.IN_FLIGHT_MAX + 1):
        rename(post, f"name {number}")
    Courier(post.office, post.database.deliveries, Breaking, post.letters).deliver(
        post.claim()
    )
    assert len(receiver.got) == courier.IN_FLIGHT_MAX + 1
    failed = [one for one in post.deliveries() if one.webhook_id == bad.id]
    assert {(one.state, one.attempts) for one in failed} == {(DeliveryState.PENDING, 1)}
    assert {one.error for one in failed} == {"it could not be sent: ZeroDivisionError"}
    assert failed[0].id in caplog.text


def test_a_delivery_is_given_up_after_a_day_and_can_be_replayed(
    post: Post, receiver: Receiver
) -> None:
    made = post.webhook(receiver.url)
    receiver.status = 500
    rename(post)
    for pause in (*PAUSES_SECONDS, DAY_US // SECOND_US):
        post.send()
        post.clock.at_us += round(1.2 * pause * SECOND_US)
    post.send()
    assert len(receiver.got) == len(PAUSES_SECONDS) + 1
    (first,) = post.deliveries()
    assert (first.state, first.next_at) == (DeliveryState.FAILED, None)
    receiver.status = 204
    id = made.webhook.id
    again = post.office.write(
        post.actor, lambda work: webhooks.replay_delivery(work, id, first.id)
    ).value
    post.send()
    assert again.event_id == first.event_id
    assert receiver.got[-1].body == receiver.got[0].body
    assert [one.state for one in post.deliveries()] == ["failed", "delivered"]


def test_an_endpoint_that_fails_for_five_days_is_disabled_and_its_owner_told(
    post: Post, receiver: Receiver
) -> None:
    made = post.webhook(receiver.url)
    receiver.status = 500
    for day in range(6):
        assert post.endpoint(made.webhook.id).disabled_at is None, day
        rename(post, f"day {day}")
        post.send()
        post.clock.at_us += DAY_US
    webhook = post.endpoint(made.webhook.id)
    assert webhook.disabled_because is DisabledBecause.FAILING
    (letter,) = post.letters.sent
    assert letter.to == "owner@example.com"
    assert webhook.id in letter.text
    assert "from=keyhouse" not in letter.text
    with post.database.rows.reading() as tx:
        (row,) = tx.find(AuditRow, action="webhook.disable")
    assert (row.actor, row.subject) == ("worker", webhook.id)
    before = len(receiver.got)
    rename(post, "nobody hears of it")
    post.send()
    assert len(receiver.got) == before


def test_one_that_got_through_begins_the_five_days_anew(
    post: Post, receiver: Receiver
) -> None:
    made = post.webhook(receiver.url)
    for day in range(9):
        receiver.status = 204 if day == 4 else 500
        rename(post, f"day {day}")
        post.send()
        post.clock.at_us += DAY_US
    assert post.endpoint(made.webhook.id).disabled_at is None


def test_a_receiver_that_is_gone_is_asked_no_more(post: Post, receiver: Receiver) -> None:
    made = post.webhook(receiver.url)
    other = post.webhook(receiver.url, "webhook.disabled")
    receiver.status = 410
    rename(post)
    rename(post, "Climate")
    post.send()
    webhook = post.endpoint(made.webhook.id)
    assert webhook.disabled_because is DisabledBecause.GONE
    assert len(post.letters.sent) >= 1
    mine = [one for one in post.deliveries() if one.webhook_id == webhook.id]
    assert {one.state for one in mine} == {DeliveryState.FAILED}
    told = [json.loads(got.body) for got in receiver.got]
    disabled = [event for event in told if event["type"] == "webhook.disabled"]
    assert [event["data"]["actor"] for event in disabled] == ["worker"]
    assert other.webhook.id not in str(disabled)


def test_what_waits_is_given_up_where_its_endpoint_is_disabled_or_deleted(
    post: Post, receiver: Receiver
) -> None:
    off, gone = post.webhook(receiver.url), post.webhook(receiver.url)
    rename(post)

    def end(work: object) -> None:
        webhooks.change_webhook(work, off.webhook.id, {"disabled": True})  # type: ignore[arg-type]
        webhooks.delete_webhook(work, gone.webhook.id)  # type: ignore[arg-type]

    post.office.write(post.actor, end)
    post.send()
    assert receiver.got == []
    state = {one.webhook_id: one.state for one in post.deliveries() if one.kind[:1] == "p"}
    assert state[off.webhook.id] == DeliveryState.FAILED


def test_where_private_addresses_are_refused_a_name_that_leads_to_one_is(
    post: Post, receiver: Receiver
) -> None:
    """The address was good when it was written; what counts is where it leads now."""
    post.webhook(f"https://localhost:{receiver.port}/")
    placing = replace(post.office.placing, webhook_private=False)
    post.office = replace(post.office, placing=placing)
    rename(post)
    post.send()
    (delivery,) = post.deliveries()
    assert delivery.error == "the address is not one that events are sent to"
    assert receiver.got == []


def test_a_courier_that_was_overtaken_writes_nothing_and_it_is_sent_again(
    post: Post, receiver: Receiver
) -> None:
    """At least once: what was sent by who lost the job is sent by who has it."""
    post.webhook(receiver.url)
    rename(post)

    def overtake() -> None:
        post.clock.at_us += HELD_US + 1
        post.claim(holder="nod_2")

    receiver.before = overtake
    with pytest.raises(Overtaken):
        post.send()
    (delivery,) = post.deliveries()
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 0)
    receiver.before = lambda: None
    post.courier().deliver(post.claim(holder="nod_2"))
    one, two = receiver.got
    assert one.headers["webhook-id"] == two.headers["webhook-id"]
    assert post.deliveries()[0].state == DeliveryState.DELIVERED


def test_a_slow_receiver_does_not_cost_the_courier_its_job(
    post: Post, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits renews its hold, or another would send the same once more."""
    monkeypatch.setattr(courier, "BEAT_SECONDS", 0.0)
    monkeypatch.setattr(courier, "LOOK_SECONDS", 0.02)

    def renewed() -> bool:
        with post.database.rows.reading() as tx:
            job = tx.get(Job, "webhooks")
        return job is not None and job.until >= post.clock.at_us + HELD_US

    def take_a_minute() -> None:
        for _ in range(6):
            post.clock.at_us += HELD_US - SECOND_US
            deadline = time.monotonic() + 10
            while not renewed():
                assert time.monotonic() < deadline, "the hold is not renewed"

    receiver.before = take_a_minute
    post.webhook(receiver.url)
    rename(post)
    post.send()
    assert post.deliveries()[0].state == DeliveryState.DELIVERED


def test_what_happened_while_a_clock_was_wrong_is_sent_once_it_is_right(
    post: Post, receiver: Receiver
) -> None:
    """A machine that came up a year ahead: else its events are sent in a year."""
    post.webhook(receiver.url)
    post.clock.at_us += 365 * DAY_US
    rename(post)
    post.clock.at_us -= 365 * DAY_US
    post.send()
    (delivery,) = post.deliveries()
    assert delivery.state is DeliveryState.DELIVERED


def test_a_queue_longer_than_there_is_room_for_is_emptied_in_one_round(
    post: Post, receiver: Receiver
) -> None:
    post.webhook(receiver.url)
    for number in range(40):
        rename(post, f"name {number}")
    post.send()
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 40
    assert len(receiver.got) == 40


def test_a_stop_ends_the_round_soon(post: Post, receiver: Receiver) -> None:
    let_go, stop = threading.Event(), threading.Event()
    receiver.before = lambda: let_go.wait(20)
    post.seconds_max = 20.0
    post.webhook(receiver.url)
    rename(post)
    claim = post.claim()
    claim._stop = stop.is_set
    sending = threading.Thread(target=post.courier().deliver, args=(claim,))
    sending.start()
    receiver.wait_for(1)
    stop.set()
    sending.join(10)
    assert not sending.is_alive()
    let_go.set()
    assert post.deliveries()[0].state == DeliveryState.PENDING


def test_what_is_old_is_removed(post: Post, receiver: Receiver) -> None:
    post.webhook(receiver.url)
    rename(post)
    post.send()
    upkeep, before_us = post.database.upkeep, post.clock.at_us + 1
    assert upkeep.prune_events(before_us, 10) == 0, "a delivery still needs it"
    assert upkeep.prune_deliveries(before_us - 1, 10) == 0
    assert upkeep.prune_deliveries(before_us, 10) == 1
    assert upkeep.prune_events(before_us, 10) == 1
