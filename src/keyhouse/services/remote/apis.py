"""APIs elsewhere: where their callers put their key, asked anew when that changes."""

import asyncio
import logging
from typing import Final
from urllib.parse import quote

from keyhouse.core.imported import admits
from keyhouse.core.records import ApiRecord
from keyhouse.core.verdict import Verdict
from keyhouse.ports import Clock, RemoteKeyhouse, RemoteRefused, StoreUnavailable
from keyhouse.services.remote.breaker import Breaker
from keyhouse.services.remote.following import Following
from keyhouse.services.remote.reading import api_record, imported_strings
from keyhouse.services.remote.telling import Telling

APIS: Final = "/.keyhouse/v1/apis/"
SECONDS_MAX: Final = 2.0
RETRY_US: Final = 500_000
"""How soon it is asked again for an API that could not be had."""
_log = logging.getLogger(__name__)


class KnownApis:
    """By slug; slugs come from the program, so they are few. Belongs to one loop.

    What was known goes on while it cannot be asked anew: where a key stands
    decides nothing about it.
    """

    def __init__(
        self,
        remote: RemoteKeyhouse,
        following: Following,
        breaker: Breaker,
        clock: Clock,
    ) -> None:
        self._remote = remote
        self._following = following
        self._breaker = breaker
        self._clock = clock
        self._known: dict[str, ApiRecord] = {}
        self._current: dict[str, frozenset[str]] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._again_us: dict[str, int] = {}
        self._telling = Telling(_log, clock)

    async def get(self, slug: str) -> ApiRecord | Verdict:
        """The API; the verdict is `unavailable`. Waits where nothing is known of it."""
        task = self._asking.get(slug)
        if task is None and slug not in self._current and self._may_ask(slug):
            self._breaker.begun()
            task = self._asking[slug] = asyncio.create_task(self._ask(slug))
        if task is not None and slug not in self._known:
            await asyncio.shield(task)
        return self._known.get(slug, Verdict.UNAVAILABLE)

    def takes(self, slug: str, secret: bytes) -> bool:
        """Whether a string that is none of ours may be a key all the same."""
        known = self._known.get(slug)
        return known is not None and admits(known.imported, secret)

    def forget(self, tokens: list[str] | None) -> None:
        """Ask anew for those that changed; None for all of them."""
        told = None if tokens is None else frozenset(tokens)
        for slug, resting_on in tuple(self._current.items()):
            if told is None or not resting_on.isdisjoint(told):
                del self._current[slug]

    async def close(self) -> None:
        """End what is under way."""
        for task in tuple(self._asking.values()):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _ask(self, slug: str) -> None:
        try:
            told = await self._remote.get(APIS + quote(slug, safe=""), SECONDS_MAX)
            parameter = told["query_parameter"]
            record = api_record(
                slug,
                str(told["key_header"]).encode("ascii"),
                None if parameter is None else str(parameter).encode("ascii"),
                imported_strings(told.get("imported")),
            )
            self._known[slug] = record
            self._breaker.worked()
            if self._following.covers(int(told["seq"]), str(told["log"])):
                self._current[slug] = frozenset(map(str, told["forget"]))
        except RemoteRefused as error:
            self._known.pop(slug, None)
            self._breaker.worked()  # it lives; one wrong name is nobody else's fault
            self._missed(slug, error)
        except (StoreUnavailable, KeyError, TypeError, ValueError) as error:
            self._breaker.failed(self._clock.monotonic_us())
            self._missed(slug, error)
        finally:
            del self._asking[slug]

    def _may_ask(self, slug: str) -> bool:
        now_us = self._clock.monotonic_us()
        return now_us >= self._again_us.get(slug, 0) and self._breaker.admits(now_us)

    def _missed(self, slug: str, error: Exception) -> None:
        self._again_us[slug] = self._clock.monotonic_us() + RETRY_US
        self._telling.warn("the API %r cannot be asked for: %s", slug, error)
