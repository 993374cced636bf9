"""A project's people see the requests of its APIs, and no others."""

from functools import partial

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.entities import Resource
from keyhouse.core.ids import REQUEST, make_id
from keyhouse.core.records import GrantRecord
from keyhouse.core.usage import LogRow, UsageBatch, Use
from keyhouse.core.verdict import Verdict
from keyhouse.services import catalog, reports, tenants
from keyhouse.services.actor import Actor
from keyhouse.services.refusals import NotFound
from keyhouse.services.reports import RequestFilter
from keyhouse.services.work import Office, Turn

ENVIRONMENTS = ("live", "test", "")


def owner(office: Office, email: str) -> tuple[Actor, str]:
    made = tenants.bootstrap(office, email, "Acme", "default", fresh_key=False)
    home = made.organization_id
    whole = GrantRecord(Resource.ORGANIZATION, home, home, None, frozenset("*"))
    return Actor("usr_1", home, (whole,)), made.project_id


def add_api(office: Office, actor: Actor, project: str, slug: str) -> str:
    made = office.write(
        actor, lambda work: catalog.create_api(work, slug=slug, project=project, fields={})
    )
    return made.value.id


def book(database: Database, actor: Actor, api: str) -> list[str]:
    """A request of each environment, that without one refused; the newest last."""
    lines = []
    for number, environment in enumerate(ENVIRONMENTS):
        use = Use(actor.organization_id, "", api, "", "", 0, "", environment, "")
        verdict = Verdict.VALID if environment else Verdict.UNKNOWN
        id = make_id(REQUEST, number * 1000, api[-10:].encode())
        lines.append(LogRow(id, number, use, verdict.number, "GET", "/a", 0, 200, 5))
    database.sink.open_spool(f"spl_{api}", "nod_1", "boot")
    assert database.sink.book(UsageBatch(f"spl_{api}", 0, 64, log=lines))
    return [line.request_id for line in lines]


@pytest.fixture
def world(office: Office, database: Database) -> tuple[Office, Actor, str, list[str]]:
    actor, project = owner(office, "a@example.com")
    mine = book(database, actor, add_api(office, actor, project, "weather"))
    other = office.write(actor, lambda work: tenants.create_project(work, name="Other"))
    book(database, actor, add_api(office, actor, other.value.id, "maps"))
    return office, actor, project, mine


World = tuple[Office, Actor, str, list[str]]


def seen(world: World, wanted: RequestFilter) -> list[str]:
    office, actor, project, _ = world
    page = office.read(
        actor, lambda look: reports.list_project_requests(look, project, Turn(), wanted)
    )
    return [view.row.request_id for view in page.rows]


def test_another_projects_requests_are_not_among_them(world: World) -> None:
    assert seen(world, RequestFilter()) == world[3][::-1]


def test_an_environment_shows_requests_without_a_known_key_too(world: World) -> None:
    live, _, unknown = world[3]
    assert seen(world, RequestFilter(environment="live")) == [unknown, live]


def test_refusals_are_found_by_their_verdict_or_all_together(world: World) -> None:
    unknown = world[3][2]
    for verdict in ("refused", "unknown"):
        assert seen(world, RequestFilter(verdict=verdict)) == [unknown]
    assert seen(world, RequestFilter(verdict="expired")) == []


@pytest.mark.parametrize("wanted", [{"api": "maps"}, {"api": "x"}, {"verdict": "no"}])
def test_a_filter_that_names_nothing_of_the_project_fits_no_line(
    world: World, wanted: dict[str, str]
) -> None:
    assert seen(world, RequestFilter(**wanted)) == []


def test_one_request_is_told_within_its_project_only(world: World) -> None:
    office, actor, project, mine = world
    view = office.read(
        actor, lambda look: reports.get_project_request(look, project, mine[0])
    )
    assert (view.api.slug, view.key, view.application) == ("weather", None, None)
    stranger, theirs = owner(office, "b@example.com")
    for who, home, id in (
        (actor, project, "req_" + "0" * 22),
        (actor, project, "x"),
        (stranger, theirs, mine[0]),
        (stranger, project, mine[0]),
    ):
        with pytest.raises(NotFound):
            office.read(who, partial(reports.get_project_request, project=home, id=id))
