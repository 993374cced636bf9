"""Keys for what another organization sells: their secret is shown like any other's."""

import pytest

from keyhouse.core.entities import Project, Resource, Visibility
from keyhouse.doors.console.pages import keys_shown
from keyhouse.services import catalog, issue, plans
from keyhouse.services.actor import Actor, all_powerful
from keyhouse.services.issue import AccessWish, KeyWish
from keyhouse.services.plans import OpeningWish
from keyhouse.services.tenants import bootstrap
from keyhouse.services.work import Office
from tests.doors.console.keys.conftest import Desk, secret_in

ROUTE = "/not/for/buyers"
CALL = "http://gateway.test/tides/"


@pytest.fixture
def buyer(desk: Desk, office: Office) -> Actor:
    """The desk's organization, at work on its own."""
    with office.rows.reading() as tx:
        project = tx.get(Project, desk.root.split("/")[1])
    assert project
    return all_powerful("operator", project.organization_id)


@pytest.fixture
def application(desk: Desk, office: Office, buyer: Actor) -> str:
    """An application of the desk's that is subscribed to `tides` of somebody else."""
    sold = bootstrap(office, "seller@example.com", "Seller", "default", fresh_key=True)
    seller = all_powerful("operator", sold.organization_id)
    api = office.write(
        seller,
        lambda work: catalog.create_api(
            work,
            slug="tides",
            project=sold.project_id,
            fields={"scopes": ("tides:read",), "key_header": "X-Tides-Key"},
        ),
    ).value
    office.write(
        seller,
        lambda work: catalog.create_route(
            work, api.id, method="GET", path=ROUTE, fields={"scopes": ("tides:read",)}
        ),
    )
    plan = office.write(
        seller,
        lambda work: plans.create_plan(
            work,
            slug="free",
            project=sold.project_id,
            fields={
                "visibility": Visibility.PUBLIC,
                "access": (OpeningWish("tides", ("tides:read",)),),
            },
        ),
    ).value
    made = office.write(
        buyer,
        lambda work: catalog.create_application(
            work, name="Robot", project=desk.root.split("/")[1]
        ),
    ).value
    office.write(
        buyer,
        lambda work: plans.create_subscription(
            work, plan=plan.plan.id, application=made.id
        ),
    )
    return made.id


@pytest.fixture
def key(office: Office, buyer: Actor, application: str) -> str:
    """A key of that application's for what it has bought."""
    access = (AccessWish(Resource.API, "tides", ("tides:read",)),)
    wish = KeyWish(name="Sailor", application=application, access=access)
    made = office.write(buyer, lambda work: issue.create_key(work, wish)).value
    return made.view.key.id


async def test_a_new_key_for_a_bought_api_shows_its_secret_and_a_call(
    desk: Desk, application: str
) -> None:
    """The form itself names only the organization's own; an address may name others."""
    made = await desk.post(
        "/keys",
        name="Sailor",
        api="tides",
        scope__tides="tides:read",
        application=application,
    )
    assert made.status_code == 200, made.text
    secret = secret_in(made)
    assert f"X-Tides-Key: {secret}&#39; {CALL}" in made.text
    assert ROUTE not in made.text


@pytest.mark.parametrize("overlap", ["0", "3600"])
async def test_a_replaced_key_for_a_bought_api_shows_its_new_secret(
    desk: Desk, key: str, overlap: str
) -> None:
    answer = await desk.post(f"/keys/{key}/replace", overlap=overlap)
    assert answer.status_code == 200, answer.text
    assert secret_in(answer)
    assert CALL in answer.text
    assert ROUTE not in answer.text


@pytest.mark.parametrize("path", ["", "/usage"])
async def test_the_page_of_an_unused_key_for_a_bought_api_shows_its_first_call(
    desk: Desk, key: str, path: str
) -> None:
    page = await desk.get(f"/keys/{key}{path}", HX_Request="true")
    assert page.status_code == 200, page.text
    assert "$TIDES_API_KEY" in page.text
    assert CALL in page.text
    assert ROUTE not in page.text


async def test_a_secret_is_shown_also_where_no_call_can_be_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it replaced may have ended already, and it is shown this one time."""

    def fails(*_: object) -> None:
        raise RuntimeError("no call")

    id, _ = await desk.create()
    monkeypatch.setattr(keys_shown, "snippets", fails)
    answer = await desk.post(f"/keys/{id}/replace", overlap="0")
    assert answer.status_code == 200
    assert secret_in(answer)
    assert "Put it to use" not in answer.text
