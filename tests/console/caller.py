"""A program that calls all the time, and remembers what went wrong."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.journeys.conftest import until


class Caller(threading.Thread):
    """Calls `url` with whatever `secret` is at the moment."""

    def __init__(self, url: str, secret: str) -> None:
        super().__init__()
        self.secret = secret
        self.failures: list[str] = []
        self.served: list[str] = []
        self._url = url
        self._stopping = threading.Event()

    def run(self) -> None:
        with httpx.Client(timeout=30) as client:
            while not self._stopping.wait(0.005):
                secret = self.secret
                answer = client.get(self._url, headers={"X-API-Key": secret})
                if answer.status_code == 200:
                    self.served.append(secret)
                else:
                    self.failures.append(f"{answer.status_code} {answer.text}")

    def goes_on(self) -> None:
        """Wait until ten more calls with the secret of now were answered."""
        before = len(self.served)
        assert until(lambda: self.served[before:].count(self.secret) >= 10), self.failures

    def stop(self) -> None:
        self._stopping.set()
        self.join()


@contextmanager
def calling(url: str, secret: str) -> Iterator[Caller]:
    """That program, until the test is done with it."""
    caller = Caller(url, secret)
    caller.start()
    try:
        yield caller
    finally:
        caller.stop()
