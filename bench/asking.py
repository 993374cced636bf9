"""One request by hand, to see that a program does what is said of it."""

import contextlib
import time
import urllib.error
import urllib.request
from collections.abc import Mapping

from bench.load import Target
from bench.processes import START_SECONDS_MAX, BenchFailed


def answer(target: Target, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Status and body of the answer to what the target is sent, or to other headers."""
    data = target.body.replace("@N@", "0").encode() or None
    sent = {**(target.headers if headers is None else headers)}
    if data:
        sent["Content-Type"] = "application/json"
    request = urllib.request.Request(target.url, data, sent)  # noqa: S310  (http, ours)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310  (as above)
            return response.status, response.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read()


def await_answer(target: Target) -> None:
    """Wait until it answers 200: some listen before they know their routes."""
    deadline = time.monotonic() + START_SECONDS_MAX
    told: object = "nothing"
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            told = answer(target)
            if told[0] == 200:
                return
        time.sleep(0.05)
    raise BenchFailed(f"{target.name} answers {told!r}")


def refuse_strangers(target: Target) -> None:
    """Raises BenchFailed unless who has no key, or a wrong one, is refused."""
    for headers in ({}, {"X-API-Key": "kh_sk_test_wrong"}):
        status, _ = answer(target, headers)
        if status != 401:
            raise BenchFailed(f"{target.name} answers {status} to {headers or 'no key'}")
