"""The life of a key: who answers for it, how it is found, replaced, given away, ended."""

import re

import httpx
import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.entities import Key, SecretRow
from keyhouse.services.issue import views
from tests.doors.console.keys.conftest import Desk

DAY_US = 86_400_000_000


@pytest.fixture
async def ada(desk: Desk) -> str:
    """The id of the one member, as a form has it."""
    page = await desk.get("/keys/new")
    found = re.search(r'<option value="(usr_\w+)"[^>]*>Ada</option>', page.text)
    assert found, page.text
    return found[1]


def names(page: httpx.Response) -> set[str]:
    """The keys that a list shows."""
    return set(re.findall(r'<th scope="row"><a [^>]*>([^<]+)</a>', page.text))


async def application(desk: Desk, name: str, **typed: str) -> str:
    made = await desk.post("/applications", name=name, **typed)
    assert made.status_code == 303, made.text
    return made.headers["location"].rpartition("/")[2]


async def test_owner_purpose_and_tags_are_given_shown_and_changed(
    desk: Desk, ada: str
) -> None:
    id, _ = await desk.create(
        owner=ada, purpose="Routes <of> trucks", tags="team:routing, nightly"
    )
    page = (await desk.get(f"/keys/{id}")).text
    assert "Routes &lt;of&gt; trucks" in page
    for tag in ("team:routing", "nightly"):
        assert f'<span class="tag">{tag}</span>' in page
    form = (await desk.get(f"/keys/{id}/change/about")).text
    assert f'value="{ada}" selected' in form
    assert 'value="team:routing nightly"' in form
    await desk.post(f"/keys/{id}/change/about", owner="", purpose="", tags="weekly")
    page = (await desk.get(f"/keys/{id}")).text
    assert "nobody" in page
    assert "nightly" not in page
    assert '<span class="tag">weekly</span>' in page


async def test_a_text_that_is_no_tag_is_told_at_its_field(desk: Desk) -> None:
    answer = await desk.post("/keys", name="a", api="weather", tags="fine Not-Fine!")
    assert answer.status_code == 422
    assert "number 2 is no tag" in answer.text
    assert "fine Not-Fine!" in answer.text


async def test_an_owner_who_has_left_stays_until_another_is_chosen(
    desk: Desk, ada: str, database: Database
) -> None:
    """Saving another field must not fail for them, nor take them away."""
    id, _ = await desk.create(owner=ada)
    gone = f"usr_{'7' * 22}"
    with database.rows.writing() as tx:
        key = tx.get(Key, id)
        assert key is not None
        tx.update(key, owner_id=gone)
    assert "somebody who has left" in (await desk.get(f"/keys/{id}")).text
    form = (await desk.get(f"/keys/{id}/change/about")).text
    assert re.search(r'<option value="keep">somebody who has left, as now</option>', form)
    done = await desk.post(f"/keys/{id}/change/about", owner="keep", tags="a")
    assert done.status_code == 303
    listed = await desk.get(f"/keys?owner={gone}")
    assert names(listed) == {"Planner"}
    assert f'value="{gone}" selected' in listed.text


async def test_filters_narrow_the_list_and_stand_in_its_address(
    desk: Desk, ada: str
) -> None:
    customer = await desk.post("/customers", name="Globex", external_id="crm-1")
    assert customer.status_code == 303
    app = await application(desk, "Planner", customer="crm-1")
    await desk.create("Mine", owner=ada, tags="a b", application=app)
    await desk.create("Other", tags="b")
    for query, found in (
        (f"owner={ada}", {"Mine"}),
        ("tag=b", {"Mine", "Other"}),
        ("tag=b+a", {"Mine"}),
        ("customer=crm-1", {"Mine"}),
        ("unused=never", {"Mine", "Other"}),
        ("unused=30", {"Mine", "Other"}),
        ("tag=c", set()),
        ("customer=crm-2", set()),
    ):
        page = await desk.get(f"/keys?{query}")
        assert names(page) == found, query
        assert "keys-filter" in page.text
    answer = await desk.post("/keys/search", tag="a", unused="never", owner=ada)
    asked = answer.headers["hx-replace-url"]
    assert asked == f"{desk.root}/keys?owner={ada}&tag=a&unused=never"
    kept = (await desk.visitor.get(asked)).text
    assert 'name="tag" value="a"' in kept
    assert '<option value="never" selected>' in kept


@pytest.mark.parametrize("field", ["tag", "customer", "owner"])
async def test_a_secret_in_a_filter_reaches_no_address(desk: Desk, field: str) -> None:
    _, secret = await desk.create()
    answer = await desk.post("/keys/search", **{field: secret})
    assert answer.headers["hx-replace-url"] == f"{desk.root}/keys"
    assert secret not in answer.text


async def test_deleted_keys_are_found_with_their_last_day_and_come_back(
    desk: Desk, database: Database
) -> None:
    id, _ = await desk.create()
    await desk.post(f"/keys/{id}/delete")
    empty = await desk.get("/keys")
    assert f'href="{desk.root}/keys?state=deleted"' in empty.text
    gone = await desk.get("/keys?state=deleted")
    assert names(gone) == {"Planner"}
    assert "Restorable until" in gone.text
    assert f"/keys/{id}/restore" in gone.text
    with database.rows.writing() as tx:
        key = tx.get(Key, id)
        assert key is not None
        assert key.deleted_at is not None
        tx.update(key, deleted_at=key.deleted_at - views.RESTORE_US)
    late = await desk.get("/keys?state=deleted")
    assert "Restorable until" not in late.text
    assert f"/keys/{id}/restore" not in late.text
    with database.rows.writing() as tx:
        key = tx.get(Key, id)
        assert key is not None
        tx.update(key, deleted_at=key.deleted_at and key.deleted_at + DAY_US)
    assert (await desk.post(f"/keys/{id}/restore")).status_code == 303
    assert names(await desk.get("/keys")) == {"Planner"}


async def test_a_project_without_any_key_offers_no_deleted_ones(desk: Desk) -> None:
    assert "state=deleted" not in (await desk.get("/keys")).text


async def test_an_overlap_can_wait_for_the_first_use_or_have_no_end(desk: Desk) -> None:
    id, _ = await desk.create()
    answer = await desk.post(f"/keys/{id}/replace", overlap="3600", on_first_use="1")
    assert "until the new one is first used, and 1 hour longer" in answer.text
    assert "Goes on until 2 is used" in (await desk.get(f"/keys/{id}")).text
    answer = await desk.post(f"/keys/{id}/replace", overlap="open")
    assert "until somebody ends it" in answer.text
    page = (await desk.get(f"/keys/{id}")).text
    assert "Replaced, without an end" in page
    assert page.count("End now") == 2


async def test_the_panel_begins_with_the_overlap_of_the_schedule(desk: Desk) -> None:
    id, _ = await desk.create(rotation_days="90", rotation_overlap="3600")
    asked = (await desk.get(f"/keys/{id}/replace")).text
    assert re.search(r'name="overlap" value="3600" checked', asked)


async def test_old_secrets_tell_who_still_calls_and_the_new_one_is_taken_back(
    desk: Desk,
) -> None:
    id, _ = await desk.create()
    assert "Roll back" not in (await desk.get(f"/keys/{id}")).text
    await desk.post(f"/keys/{id}/replace", overlap="3600")
    page = (await desk.get(f"/keys/{id}")).text
    assert "no call in a day: it can be ended" in page
    assert f"/keys/{id}/roll-back" in page
    asked = (await desk.get(f"/keys/{id}/roll-back")).text
    assert "Secret 2 is refused from now on" in asked
    assert (await desk.post(f"/keys/{id}/roll-back")).status_code == 303
    page = (await desk.get(f"/keys/{id}")).text
    assert "Roll back" not in page
    assert "Ends in" not in page
    again = await desk.post(f"/keys/{id}/roll-back")
    assert again.status_code == 422
    assert "taken back already" in again.text


async def test_a_schedule_tells_its_next_day_and_that_it_is_due(
    desk: Desk, database: Database
) -> None:
    """A key's own holds before its application's."""
    app = await application(desk, "Planner", rotation_days="30", rotation_overlap="3600")
    page = await desk.get(f"/applications/{app}")
    assert "every 30 days, with an overlap of 1 hour" in page.text
    assert 'value="30"' in (await desk.get(f"/applications/{app}/edit")).text
    id, _ = await desk.create(application=app)
    assert "as its application says; next due " in (await desk.get(f"/keys/{id}")).text
    await desk.post(f"/keys/{id}/change/rotation", rotation_days="7")
    page = await desk.get(f"/keys/{id}")
    assert "every 7 days; next due " in page.text
    assert "Rotation due" not in page.text
    with database.rows.writing() as tx:
        (row,) = tx.find(SecretRow, key_id=id)
        tx.update(row, starts_at=row.starts_at - 8 * DAY_US)
    for path in (f"/keys/{id}", "/keys"):
        assert "Rotation due" in (await desk.get(path)).text
    await desk.post(f"/keys/{id}/replace", overlap="0")
    assert "Rotation due" not in (await desk.get(f"/keys/{id}")).text


@pytest.mark.parametrize(("days", "said"), [("soon", "no number"), ("9999", "out of")])
async def test_a_schedule_that_cannot_be_is_told(desk: Desk, days: str, said: str) -> None:
    id, _ = await desk.create()
    for path in (f"/keys/{id}/change/rotation", "/applications"):
        answer = await desk.post(path, name="A", rotation_days=days)
        assert answer.status_code == 422
        assert said in answer.text
        assert f'value="{days}"' in answer.text


async def test_a_key_is_given_to_another_application(desk: Desk) -> None:
    id, secret = await desk.create()
    app = await application(desk, "Warehouse")
    asked = await desk.get(f"/keys/{id}/transfer")
    assert f'<option value="{app}">Warehouse</option>' in asked.text
    moved = await desk.post(f"/keys/{id}/transfer", application=app)
    assert moved.headers["location"] == f"{desk.root}/keys/{id}"
    assert "Planner" in (await desk.get(f"/applications/{app}")).text
    unknown = await desk.post(f"/keys/{id}/transfer", application=f"app_{'1' * 22}")
    assert unknown.status_code == 422
    assert "is not known" in unknown.text
    assert secret not in unknown.text


async def test_all_keys_of_an_application_are_revoked_once_their_number_is_typed(
    desk: Desk,
) -> None:
    app = await application(desk, "Planner")
    first, _ = await desk.create("One", application=app)
    await desk.create("Two", application=app)
    other, _ = await desk.create("Other")
    await desk.post(f"/keys/{first}/revoke")
    path = f"/applications/{app}/revoke-keys"
    assert "Type 2 to confirm" in (await desk.get(path)).text
    for text, said in (("", "is no number"), ("1", "type 2"), ("three", "is no number")):
        refused = await desk.post(path, count=text)
        assert refused.status_code == 422
        assert said in refused.text
    assert "Active" in (await desk.get(f"/applications/{app}")).text
    done = await desk.post(path, count="2")
    assert done.status_code == 303
    page = (await desk.get(f"/applications/{app}")).text
    assert "1 key revoked" in page
    assert "Active" not in page
    assert "Active" in (await desk.get(f"/keys/{other}")).text
    assert "revoked already" in (await desk.get(path)).text


async def test_all_keys_of_a_project_are_revoked(desk: Desk) -> None:
    id, _ = await desk.create()
    await desk.create("Live one", environment="live")
    page = (await desk.get("/keys")).text
    organization = re.search(r"org_\w{22}", page)
    assert organization
    project = desk.root.split("/")[1]
    listed = f"/{organization[0]}/projects"
    assert f"{listed}/{project}/revoke-keys" in (await desk.visitor.get(listed)).text
    path = f"{listed}/{project}/revoke-keys"
    done = await desk.visitor.submit(path, count="2")
    assert done.status_code == 303, done.text
    assert "Revoked" in (await desk.get(f"/keys/{id}")).text


async def test_a_key_says_that_its_schedule_is_a_plan_s(desk: Desk) -> None:
    days = {"rotation_days": "90", "rotation_overlap": "0"}
    await desk.post("/plans", name="Basic", api="weather", **days)
    home = await application(desk, "Planner")
    await desk.post(f"/applications/{home}/subscribe", plan="basic")
    id, _ = await desk.create(application=home)
    page = (await desk.get(f"/keys/{id}")).text
    assert "every 90 days, with no overlap, as a plan of its application says" in page
