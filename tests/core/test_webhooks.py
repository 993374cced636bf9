"""The scheme by which receivers know that a webhook is ours."""

import base64

import pytest

from keyhouse.core.webhooks import (
    PAUSES_SECONDS,
    pause_us,
    signed_headers,
    told_secret,
    told_url,
)

# The vector that the libraries of standardwebhooks.com test themselves with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT_US = 1_614_265_330_000_000
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
RAW = base64.b64decode(SECRET.removeprefix("whsec_"))
DAY_SECONDS = 86_400


def test_the_published_vector_is_signed_as_everywhere() -> None:
    assert signed_headers([RAW], ID, AT_US, BODY) == {
        "webhook-id": ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }
    assert told_secret(RAW) == SECRET


def test_during_a_rotation_both_secrets_sign() -> None:
    both = signed_headers([b"n" * 32, RAW], ID, AT_US, BODY)["webhook-signature"]
    new, old = both.split(" ")
    assert old == SIGNATURE
    assert new.startswith("v1,")
    assert new != old


def test_a_delivery_is_tried_for_a_day_and_then_given_up() -> None:
    pauses = [pause_us(attempts, b"\0\0") for attempts in range(1, 20)]
    given = [pause for pause in pauses if pause is not None]
    assert given == [seconds * 1_000_000 for seconds in PAUSES_SECONDS]
    assert DAY_SECONDS <= sum(PAUSES_SECONDS) <= 1.1 * DAY_SECONDS
    assert pauses[len(PAUSES_SECONDS) :] == [None] * (19 - len(PAUSES_SECONDS))


def test_what_failed_together_does_not_come_back_together() -> None:
    first, last = pause_us(2, b"\0\0"), pause_us(2, b"\xff\xff")
    assert first is not None
    assert last is not None
    assert first == 300_000_000
    assert 1.19 * first < last <= 1.2 * first


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://example.com/hooks/token?key=1", "https://example.com/…"),
        ("https://example.com?key=1", "https://example.com/…"),
        ("http://[::1]:3000/a", "http://[::1]:3000/…"),
    ],
)
def test_an_address_is_told_without_what_may_be_secret(url: str, told: str) -> None:
    assert told_url(url) == told
