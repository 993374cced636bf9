"""Stories made up from the document's links: what is made is changed, ended and asked for.

KEYHOUSE_SOAK_STORIES tells many of them.
"""

import asyncio
import itertools
import os
from dataclasses import replace
from random import Random
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky
from schemathesis.checks import CheckContext, CheckFunction
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.checks import ensure_resource_availability, use_after_free

from keyhouse.adapters.database import Database, open_database, upgrade
from keyhouse.services.work import Office
from tests.doors.api.conftest import House
from tests.doors.api.furnishing import furnish
from tests.doors.api.on_a_port import CHECKS, on_a_port
from tests.doors.api.standing import Standing
from tests.servers.postgres import PostgresServer

STORIES = int(os.environ.get("KEYHOUSE_SOAK_STORIES", "4"))
MANY = 100
"""So many are told on PostgreSQL as well."""
STEPS = 30
AT_ONCE = 20
STAYS = ("/v1/keys/{id}", "/v1/invitations/{id}")
"""A key may be restored; of an invitation is told who withdrew it, and when."""


def gone_is_gone(ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:
    """What was deleted is found no more, but for what tells on that it is gone."""
    if case.path.startswith(STAYS):
        return None
    return use_after_free(ctx, response, case)


CHECKED: list[CheckFunction] = [*CHECKS, gone_is_gone, ensure_resource_availability]


class Told:
    """What came of all stories."""

    def __init__(self) -> None:
        self.stories = 0
        self.calls = 0
        self.done: set[str] = set()
        self.faults: dict[str, str] = {}


def _stories(house: House, url: str, told: Told) -> Any:
    schema = schemathesis.openapi.from_dict(house.app.openapi())
    schema.config.update(base_url=url)
    machine: Any = schema.as_state_machine()

    class Story(machine):  # type: ignore[misc] # made from the document
        """What happens to one tenant, who has one of each from the start."""

        def setup(self) -> None:
            told.stories += 1
            self.tenant = house.tenant()
            has = asyncio.run(furnish(self.tenant, f"weather-{told.stories}"))
            self.standing = Standing(house, has, Random(told.stories))
            self.lines: list[str] = []

        def before_call(self, case: Case[Any]) -> None:
            # Two different keys in one request are a 400 before all else.
            case.headers.pop("X-API-Key", None)
            # A made-up tag fits nothing, and would keep every change away.
            case.headers.pop("If-Match", None)
            if case.meta is not None and case.meta.generation.mode.is_positive:
                self.standing.fit(case)

        def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
            return {"headers": {"Authorization": f"Bearer {self.tenant.secret}"}}

        def after_call(self, response: Response, case: Case[Any]) -> None:
            super().after_call(response, case)
            self.standing.learn(response)
            self.lines.append(f"{case.method} {case.formatted_path} {response.status_code}")
            told.calls += 1
            if response.status_code < 300:
                told.done.add(case.operation.label)

        def validate_response(self, response: Response, case: Case[Any], **_: Any) -> None:
            # A fault does not end the story: it would be told again to be made
            # shorter, and what it named is gone by then.
            try:
                case.validate_response(response, checks=CHECKED, recorder=self.recorder)
            except FailureGroup as faults:
                for fault in faults.exceptions:
                    name = f"{case.operation.label} {response.status_code}: {fault}"
                    story = "\n".join(self.lines)
                    told.faults.setdefault(name, f"{faults}\n{story}\n{response.text}")

    return Story


@pytest.fixture(params=["sqlite", "postgresql"] if STORIES >= MANY else ["sqlite"])
def house(request: pytest.FixtureRequest, office: Office, database: Database) -> Any:
    if request.param == "sqlite":
        yield House(office, database)
        return
    server = PostgresServer()
    url = server.url(server.create())
    upgrade(url)
    opened = open_database(url)
    yield House(replace(office, rows=opened.rows, reports=opened.reports), opened)
    opened.dispose()
    server.stop()


def test_made_up_stories_get_documented_answers(house: House) -> None:
    """What stands is found, what is gone is not; no 5xx, no untold status or shape."""
    told = Told()
    with on_a_port(house) as url:
        _tell(house, url, told)
    print(f"{told.stories} stories, {told.calls} calls, {len(told.done)} operations done")
    assert not told.faults, "\n\n".join(told.faults.values())
    assert len(told.done) > 25, sorted(told.done)


def _tell(house: House, url: str, told: Told) -> None:
    story = _stories(house, url, told)
    for number in itertools.count():
        if told.stories >= STORIES:
            break
        bounded = settings(_BOUNDED, max_examples=min(AT_ONCE, STORIES - told.stories))
        try:
            seed(number)(story).run(settings=bounded)
        except Flaky:
            # Ids are new each time, and so is what the same choices lead to.
            continue


_BOUNDED = settings(
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
