"""Management keys in the console: their pages offer nothing that would not hold."""

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.entities import (
    Key,
    KeyKind,
    Limit,
    LimitKind,
    Project,
    Resource,
    Restrictions,
    Window,
)
from keyhouse.services import issue
from keyhouse.services.actor import all_powerful
from keyhouse.services.issue import AccessWish, KeyWish
from keyhouse.services.work import Office
from tests.doors.console.keys.conftest import Desk

DAILY = Limit(name="daily", kind=LimitKind.QUOTA, amount=5, window=Window.DAY)
OTHERS = ("referrers", "endpoints", "apps")


@pytest.fixture
def key(desk: Desk, office: Office) -> str:
    """A management key of the desk's project."""
    id = desk.root.split("/")[1]
    with office.rows.reading() as tx:
        project = tx.get(Project, id)
    assert project
    access = (AccessWish(Resource.PROJECT, id, ("keys:read",)),)
    wish = KeyWish(name="Manager", kind=KeyKind.MANAGEMENT, access=access)
    actor = all_powerful("operator", project.organization_id)
    made = office.write(actor, lambda work: issue.create_key(work, wish)).value
    return made.view.key.id


async def test_a_management_key_is_offered_networks_and_no_limits(
    desk: Desk, key: str
) -> None:
    page = (await desk.get(f"/keys/{key}")).text
    assert f"/keys/{key}/change/restrictions" in page
    assert "/change/limits" not in page
    assert (await desk.get(f"/keys/{key}/change/limits")).status_code == 404
    form = (await desk.get(f"/keys/{key}/change/restrictions")).text
    assert 'name="networks_allowed"' in form
    for name in OTHERS:
        assert f'name="{name}"' not in form
    sent = {"networks_allowed": "203.0.113.0/24"}
    done = await desk.post(f"/keys/{key}/change/restrictions", **sent)
    assert done.status_code == 303
    refused = await desk.post(f"/keys/{key}/change/restrictions", endpoints="GET /v1/apis")
    assert refused.status_code == 422
    assert "are not for management keys; use scopes and networks" in refused.text


async def test_what_an_older_management_key_has_is_shown_and_can_go(
    desk: Desk, key: str, database: Database
) -> None:
    """Another change of its restrictions must not take them away unseen."""
    with database.rows.writing() as tx:
        row = tx.get(Key, key)
        assert row
        bounds = Restrictions(endpoints=("GET /v1/apis",))
        tx.update(row, restrictions=bounds, limits=(DAILY,))
    form = (await desk.get(f"/keys/{key}/change/restrictions")).text
    assert "GET /v1/apis</textarea>" in form
    assert "Does not hold for management keys" in form
    for part in ("restrictions", "limits"):
        assert f"/change/{part}" in (await desk.get(f"/keys/{key}")).text
        assert (await desk.get(f"/keys/{key}/change/{part}")).status_code == 200
        assert (await desk.post(f"/keys/{key}/change/{part}")).status_code == 303
    with database.rows.reading() as tx:
        row = tx.get(Key, key)
    assert row
    assert (row.restrictions, row.limits) == (Restrictions(), ())


async def test_other_keys_are_offered_all_restrictions(desk: Desk) -> None:
    id, _ = await desk.create()
    for path in ("/keys/new", f"/keys/{id}/change/restrictions"):
        form = (await desk.get(path)).text
        for name in ("networks_allowed", *OTHERS):
            assert f'name="{name}"' in form
