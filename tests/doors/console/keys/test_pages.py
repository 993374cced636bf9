import re
import time

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.alerts import alert_of
from keyhouse.core.entities import AlertKind, Key, KeyNetwork
from tests.doors.console.keys.conftest import Desk, secret_in


async def test_a_new_keys_secret_is_in_one_answer_that_nothing_keeps(desk: Desk) -> None:
    made = await desk.post("/keys", name="Planner", api="weather")
    secret = secret_in(made)
    assert secret
    assert made.headers["cache-control"] == "no-store"
    assert (
        f"curl -H &#39;X-API-Key: {secret}&#39; http://gateway.test/weather/" in made.text
    )
    # A reload asks for the key's page, not for another key.
    page = await desk.visitor.get(made.headers["hx-replace-url"])
    assert page.status_code == 200
    assert "Planner" in page.text
    for path in ("/keys", "/keys/new"):
        assert secret not in (await desk.get(path)).text
    assert secret not in page.text


async def test_a_key_that_was_seen_in_a_page_says_so_on_its_page(
    desk: Desk, database: Database
) -> None:
    """The origin is a stranger's text, and stays text."""
    id, _ = await desk.create()
    with database.rows.writing() as tx:
        key = tx.get(Key, id)
        assert key is not None
        kind, now_us = AlertKind.SERVER_KEY_IN_BROWSER, time.time_ns() // 1000
        own = key.organization_id
        tx.insert(alert_of(key, own, kind, now_us, "https://<b>.example"))
    page = await desk.get(f"/keys/{id}")
    assert "It was sent by a browser from https://&lt;b&gt;.example" in page.text
    assert "replace it now" in page.text
    other, _ = await desk.create("Other")
    assert "was sent by a browser" not in (await desk.get(f"/keys/{other}")).text


async def test_a_key_that_came_from_elsewhere_says_so_and_lists_where_it_is_used(
    desk: Desk, database: Database
) -> None:
    id, _ = await desk.create()
    now_us = time.time_ns() // 1000
    assert "Used from" not in (await desk.get(f"/keys/{id}")).text
    networks = [f"10.{number}.0.0/24" for number in range(9)]
    with database.rows.writing() as tx:
        key = tx.get(Key, id)
        assert key is not None
        for ago, network in enumerate(networks):
            at = now_us - ago
            row = f"{id}/{network}"
            tx.insert(
                KeyNetwork(id=row, key_id=id, network=network, first_at=at, last_at=at)
            )
        kind = AlertKind.UNFAMILIAR_NETWORK
        tx.insert(alert_of(key, "", kind, now_us, networks[0]))
    page = (await desk.get(f"/keys/{id}")).text
    assert f"It was used from a network that it is not known by, {networks[0]}" in page
    assert "If nobody knows why, replace it now" in page
    used = page[page.index("Used from") :]
    assert [network in used for network in networks] == [True] * 8 + [False]
    assert "and 1 more" in used


async def test_a_form_that_is_wrong_comes_back_as_it_was_typed(desk: Desk) -> None:
    answer = await desk.post(
        "/keys",
        name="Ticket <desk>",
        api="weather",
        scope__weather=["forecast:read"],
        networks_allowed="203.0.113.0/24\nnonsense",
        limits__0__amount="600",
        limits__0__per="rate:60",
        expiry="date",
        ends_on="2099-12-31",
    )
    assert answer.status_code == 422
    assert "line 2 is no network" in answer.text
    for typed in ("Ticket &lt;desk&gt;", "nonsense", 'value="600"', 'value="2099-12-31"'):
        assert typed in answer.text
    assert re.search(r'value="forecast:read" checked', answer.text)
    assert "No key fits" not in answer.text
    listed = await desk.get("/keys")
    assert "Ticket" not in listed.text


async def test_one_limit_more_is_asked_for_without_losing_the_rest(desk: Desk) -> None:
    answer = await desk.post(
        "/keys", name="Half", limits__0__amount="5", limits__0__per="rate:1", more="1"
    )
    assert answer.status_code == 200
    assert 'value="Half"' in answer.text
    assert "limits.1.amount" in answer.text
    assert secret_in(answer) is None


async def test_the_sentence_follows_the_form(desk: Desk) -> None:
    answer = await desk.post(
        "/keys/new/sentence", api="weather", environment="live", expiry="30"
    )
    assert "May call weather in live, until " in answer.text
    assert "Can be used from anywhere" in answer.text


async def test_replacing_shows_a_new_secret_once_and_both_on_the_line(desk: Desk) -> None:
    id, first = await desk.create()
    asked = await desk.get(f"/keys/{id}/replace")
    assert "No call came in the last hour" in asked.text
    answer = await desk.post(f"/keys/{id}/replace", overlap="3600")
    second = secret_in(answer)
    assert second
    assert second != first
    assert "goes on for 1 hour" in answer.text
    page = await desk.get(f"/keys/{id}")
    assert page.text.count("life-track") == 2
    assert 'class="overlap"' in page.text
    assert "Ends in" in page.text


async def test_a_secret_that_ends_can_be_ended_now_and_the_last_cannot(desk: Desk) -> None:
    id, _ = await desk.create()
    await desk.post(f"/keys/{id}/replace", overlap="86400")
    page = await desk.get(f"/keys/{id}")
    ending = re.search(rf"/keys/{id}/secrets/(sec_\w+)/end", page.text)
    assert ending
    done = await desk.post(f"/keys/{id}/secrets/{ending[1]}/end")
    assert done.status_code == 303
    again = await desk.get(f"/keys/{id}")
    assert "Ends in" not in again.text


@pytest.mark.parametrize(
    ("act", "state"),
    [("disable", "Disabled"), ("revoke", "Revoked"), ("delete", "Deleted")],
)
async def test_what_stops_a_key_tells_its_calls_first(
    desk: Desk, act: str, state: str
) -> None:
    id, _ = await desk.create()
    asked = await desk.get(f"/keys/{id}/{act}")
    assert "in the last hour" in asked.text
    assert (await desk.post(f"/keys/{id}/{act}")).status_code == 303
    assert state in (await desk.get(f"/keys/{id}")).text


async def test_a_revoked_key_is_not_enabled_and_the_panel_says_why(desk: Desk) -> None:
    id, _ = await desk.create()
    await desk.post(f"/keys/{id}/revoke")
    answer = await desk.post(f"/keys/{id}/enable")
    assert answer.status_code == 422
    assert "revoked for good" in answer.text
    assert (await desk.get(f"/keys/{id}/frobnicate")).status_code == 404


@pytest.mark.parametrize(
    ("part", "typed", "said"),
    [
        ("name", {"name": "Planner two"}, "Planner two"),
        ("access", {"scope.weather": "forecast:read"}, "forecast: read"),
        ("restrictions", {"networks_allowed": "203.0.113.0/24"}, "from 203.0.113.0/24"),
        (
            "limits",
            {"limits.0.amount": "1,000", "limits.0.per": "quota:day"},
            "1,000 left of 1,000",
        ),
        ("expiry", {"expiry": "date", "ends_on": "2098-05-04"}, "4 May 2098"),
    ],
)
async def test_each_part_can_be_changed_and_is_told(
    desk: Desk, part: str, typed: dict[str, str], said: str
) -> None:
    id, _ = await desk.create()
    form = await desk.get(f"/keys/{id}/change/{part}")
    assert form.status_code == 200
    answer = await desk.post(f"/keys/{id}/change/{part}", **typed)
    assert answer.status_code == 303, answer.text
    assert said in (await desk.get(f"/keys/{id}")).text


async def test_a_change_that_is_wrong_changes_nothing(desk: Desk) -> None:
    id, _ = await desk.create()
    answer = await desk.post(f"/keys/{id}/change/name", name="")
    assert answer.status_code == 422
    assert "is empty; give it a name" in answer.text, answer.text
    assert "Planner" in (await desk.get(f"/keys/{id}")).text


async def test_a_pasted_secret_leads_to_its_key_and_into_no_address(desk: Desk) -> None:
    id, secret = await desk.create()
    found = await desk.post("/keys/search", search=f" {secret} ")
    assert found.headers["location"].endswith(f"/keys/{id}")
    unknown = await desk.post("/keys/search", search=secret[:-4] + "0000")
    assert "No key of yours has that secret" in unknown.text
    assert secret[:-4] not in unknown.text
    assert secret[:-4] not in str(unknown.headers)
    listed = await desk.get(f"/keys?search={secret}")
    assert secret not in listed.text


async def test_a_search_is_kept_in_the_address_and_survives_it(desk: Desk) -> None:
    await desk.create("Planner")
    await desk.create("Billing")
    answer = await desk.post("/keys/search", search="plan", state="active")
    address = answer.headers["hx-replace-url"]
    assert address.endswith("/keys?search=plan&state=active")
    page = await desk.visitor.get(address)
    assert "Planner" in page.text
    assert "Billing" not in page.text
    assert "No key fits “zebra”" in (await desk.get("/keys?search=zebra")).text


async def test_keys_are_put_in_the_order_that_is_asked_for(desk: Desk) -> None:
    for name in ("b-key", "a-key", "c-key"):
        await desk.create(name)
    page = await desk.get("/keys?sort=name")
    assert re.findall(r">([abc]-key)<", page.text) == ["a-key", "b-key", "c-key"]
    assert 'aria-sort="ascending"' in page.text


async def test_a_page_that_is_watched_hears_of_news_alone(desk: Desk) -> None:
    id, _ = await desk.create()
    page = await desk.get(f"/keys/{id}")
    mark = re.search(r"living\?mark=(\w+)", page.text)
    assert mark
    quiet = await desk.get(f"/keys/{id}/living?mark={mark[1]}")
    assert quiet.status_code == 204
    await desk.post(f"/keys/{id}/replace", overlap="3600")
    news = await desk.get(f"/keys/{id}/living?mark={mark[1]}", HX_Request="true")
    assert news.status_code == 200
    assert 'id="key-secrets"' in news.text


@pytest.mark.parametrize("span", ["hour", "day", "week", "month", "quarter", "nonsense"])
async def test_usage_is_a_chart_and_a_table(desk: Desk, span: str) -> None:
    id, _ = await desk.create()
    chart = (await desk.get(f"/keys/{id}/points?span={span}")).json()
    assert len(chart["at"]) == len(chart["series"][0]["values"]) > 10
    table = await desk.get(f"/keys/{id}/usage?span={span}&shown=table", HX_Request="true")
    assert "<table>" in table.text
    # A key without a call shows how the first is made, and holds no secret.
    page = await desk.get(f"/keys/{id}?span={span}")
    assert "$WEATHER_API_KEY" in page.text


async def test_a_key_has_one_address(desk: Desk) -> None:
    id, _ = await desk.create(environment="live")
    moved = await desk.get(f"/keys/{id}")
    assert moved.status_code == 303
    assert moved.headers["location"] == desk.root.replace("/test", "/live") + f"/keys/{id}"


async def test_what_is_empty_shows_the_next_step(desk: Desk) -> None:
    page = await desk.get("/keys")
    assert "Create key" in page.text
    assert "as far and as often as you say" in page.text


async def test_roles_stand_beside_scopes_and_in_the_sentence(desk: Desk) -> None:
    await desk.post(
        "/apis",
        slug="maps",
        name="Maps",
        scopes="tiles:read",
        roles="reader = *:read",
    )
    form = await desk.get("/keys/new")
    assert re.search(r'name="role.maps" value="reader"', form.text)
    told = await desk.post("/keys/new/sentence", role__maps=["reader"], environment="test")
    assert "May call maps (as reader) in test" in told.text
    made = await desk.post("/keys", name="Map desk", role__maps=["reader"])
    assert secret_in(made)
    page = await desk.visitor.get(made.headers["hx-replace-url"])
    assert "maps (as reader)" in page.text
    change = made.headers["hx-replace-url"] + "/change/access"
    ticked = await desk.visitor.get(change)
    assert re.search(r'name="role.maps" value="reader" checked', ticked.text)


async def test_a_role_that_is_gone_is_told_where_a_key_still_has_it(desk: Desk) -> None:
    maps = await desk.post(
        "/apis", slug="maps", name="Maps", scopes="tiles:read", roles="reader = *:read"
    )
    made = await desk.post("/keys", name="Map desk", role__maps=["reader"])
    at = maps.headers["location"].removeprefix(desk.root)
    gone = await desk.post(at, name="Maps", scopes="tiles:read", roles="")
    assert gone.status_code == 303, gone.text
    form = await desk.visitor.get(made.headers["hx-replace-url"] + "/change/access")
    assert "no longer a role: opens nothing" in form.text
