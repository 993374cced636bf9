"""Plans and subscriptions in the console: offered, subscribed to, changed, ended."""

import re

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.usage import Bucket, BucketKey, UsageBatch, Use
from keyhouse.core.verdict import Verdict
from keyhouse.services.work import Office
from tests.doors.console.conftest import Visitor
from tests.doors.console.rooms import Rooms, enter

QUOTA = {"limits.0.amount": "50,000", "limits.0.per": "quota:month"}


@pytest.fixture
async def rooms(visitor: Visitor) -> Rooms:
    made = await enter(visitor)
    await made.api()
    return made


async def _plan(rooms: Rooms, name: str = "Basic", **typed: str) -> str:
    path = f"{rooms.root}/plans"
    fields = {"name": name, "api": "weather", **typed}
    return await rooms.do(f"{path}/new", path, **fields)


async def _application(rooms: Rooms, name: str = "Planner") -> str:
    path = f"{rooms.root}/applications"
    return await rooms.do(f"{path}/new", path, name=name)


async def _subscribed(rooms: Rooms, plan: str = "basic", name: str = "Planner") -> str:
    action = f"{await _application(rooms, name)}/subscribe"
    return await rooms.do(action, action, plan=plan)


async def test_a_plan_tells_what_it_opens_and_how_much(rooms: Rooms) -> None:
    plan = await _plan(rooms, **QUOTA, **{"limits.0.counts": "key"})
    for page in (await rooms.text(plan), await rooms.text(f"{rooms.root}/plans")):
        assert "weather" in page
        assert "50,000 a month for each key" in page
        assert "basic" in page


async def test_a_plan_that_opens_nothing_is_not_kept(rooms: Rooms) -> None:
    """And what was typed comes back, the limit with whom it counts for."""
    path = f"{rooms.root}/plans"
    typed = {"name": "Empty", **QUOTA, "limits.0.counts": "key"}
    refused = await rooms.visitor.submit(f"{path}/new", path, **typed)
    assert refused.status_code == 422
    assert "Access is empty" in refused.text
    assert 'value="50,000"' in refused.text
    assert re.search(r'<option value="key" selected>', refused.text)
    assert "Empty" not in await rooms.text(path)


async def test_a_taken_slug_is_told_at_its_field(rooms: Rooms) -> None:
    await _plan(rooms)
    path = f"{rooms.root}/plans"
    typed = {"name": "Basic", "api": "weather"}
    again = await rooms.visitor.submit(f"{path}/new", path, **typed)
    assert again.status_code == 422
    assert 'id="f-slug-problem"' in again.text


async def test_another_row_of_limits_keeps_whom_the_first_counts_for(rooms: Rooms) -> None:
    path = f"{rooms.root}/plans"
    typed = {"name": "B", **QUOTA, "limits.0.counts": "key", "more": "1"}
    page = await rooms.visitor.submit(f"{path}/new", path, **typed)
    assert page.status_code == 200
    assert page.text.count('<option value="key" selected>') == 1
    assert 'name="limits.1.amount"' in page.text


async def test_each_version_tells_what_it_changed(rooms: Rooms) -> None:
    plan = await _plan(rooms, **QUOTA)
    less = {**QUOTA, "limits.0.amount": "800", "applies": "next_window"}
    await rooms.do(f"{plan}/edit", plan, **less)
    page = await rooms.text(plan)
    assert "Monthly: 800 a month, before: 50,000 a month" in page
    assert "Opens weather: routes that need no scope" in page
    assert "Old quotas hold yet" in page
    await rooms.do(f"{plan}/edit", plan, **{"limits.0.amount": ""})
    assert "No longer monthly" in await rooms.text(plan)


async def test_what_the_form_leaves_as_it_is_stays_as_it_was_promised(
    rooms: Rooms,
) -> None:
    """A new name must not end the quotas that hold up to the next window."""
    plan = await _plan(rooms, **QUOTA)
    less = {"limits.0.amount": "800", "applies": "next_window"}
    await rooms.do(f"{plan}/edit", plan, **less)
    before = (await rooms.text(plan)).partition('id="versions"')[2]
    await rooms.do(f"{plan}/edit", plan, name="Basics")
    page = await rooms.text(plan)
    assert "Basics" in page
    assert page.partition('id="versions"')[2] == before


async def test_a_retired_plan_is_not_offered_and_comes_back(rooms: Rooms) -> None:
    plan = await _plan(rooms)
    await rooms.do(plan, f"{plan}/retire")
    subscribe = f"{await _application(rooms)}/subscribe"
    assert 'value="basic"' not in await rooms.text(subscribe)
    await rooms.do(plan, f"{plan}/revive")
    assert 'value="basic"' in await rooms.text(subscribe)


async def test_only_a_plan_that_nobody_ever_had_can_be_deleted(rooms: Rooms) -> None:
    kept = await _plan(rooms)
    await rooms.do(await _subscribed(rooms), f"{await _subscription_of(rooms, kept)}/end")
    assert f'action="{kept}/delete"' not in await rooms.text(kept)
    gone = await _plan(rooms, "Gone")
    await rooms.do(gone, f"{gone}/delete")
    assert "Gone<" not in await rooms.text(f"{rooms.root}/plans")


async def _subscription_of(rooms: Rooms, plan: str) -> str:
    found = re.search(rf"{rooms.root}/subscriptions/sub_\w{{22}}", await rooms.text(plan))
    assert found
    return found[0]


async def test_an_application_tells_its_plans(rooms: Rooms) -> None:
    await _plan(rooms, **QUOTA)
    application = await _application(rooms)
    action = f"{application}/subscribe"
    subscription = await rooms.do(action, action, plan="basic")
    assert f'href="{subscription}"' in await rooms.text(application)
    page = await rooms.text(subscription)
    assert "Planner" in page
    assert "50,000 left of 50,000" in page


@pytest.mark.parametrize("plan", ["pln_0000000000000000000000", "no-such", ""])
async def test_a_plan_that_is_not_there_is_told_at_the_field_of_ids(
    rooms: Rooms, plan: str
) -> None:
    action = f"{await _application(rooms)}/subscribe"
    refused = await rooms.visitor.submit(action, action, plan="new", plan_id=plan)
    assert refused.status_code == 422
    assert 'id="f-plan_id-problem"' in refused.text


async def test_an_application_is_subscribed_from_the_plan_and_once_only(
    rooms: Rooms,
) -> None:
    plan = await _plan(rooms)
    id = (await _application(rooms)).rsplit("/", 1)[1]
    action = f"{plan}/subscribe"
    await rooms.do(action, action, application=id)
    assert "Planner" in await rooms.text(plan)
    again = await rooms.visitor.submit(action, action, application=id)
    assert again.status_code == 422, again.text
    assert "has a subscription to weather" in again.text


async def test_a_subscription_is_suspended_resumed_and_ended(rooms: Rooms) -> None:
    await _plan(rooms)
    one = await _subscribed(rooms)
    await rooms.do(one, f"{one}/suspend")
    assert "It opens nothing now" in await rooms.text(one)
    await rooms.do(one, f"{one}/resume")
    assert "It opens nothing now" not in await rooms.text(one)
    await rooms.do(one, f"{one}/end")
    page = await rooms.text(one)
    assert ">Ended" in page
    assert "/suspend" not in page
    assert "/move" not in page


async def test_a_subscription_is_moved_and_no_plan_twice(rooms: Rooms) -> None:
    await _plan(rooms)
    more = await _plan(rooms, "More")
    one = await _subscribed(rooms)
    form = await rooms.text(f"{one}/move")
    assert 'value="more"' in form
    assert 'value="basic"' not in form
    await rooms.do(f"{one}/move", f"{one}/move", plan="more", applies="next_window")
    assert "Planner" in await rooms.text(more)


async def test_own_limits_hold_up_to_their_day_and_are_told(rooms: Rooms) -> None:
    await _plan(rooms, **QUOTA)
    one = await _subscribed(rooms)
    form = f"{one}/overrides"
    own = {**QUOTA, "limits.0.amount": "80,000", "limits.0.until": "2090-01-31"}
    await rooms.do(form, form, **own)
    page = await rooms.text(one)
    assert "80,000 left of 80,000" in page
    assert 'datetime="2090-02-01T00:00:00+00:00"' in page
    assert 'value="2090-01-31"' in await rooms.text(form)
    await rooms.do(form, form, **{"limits.0.amount": ""})
    assert "50,000 left of 50,000" in await rooms.text(one)


@pytest.mark.parametrize("day", ["2020-01-31", "soon"])
async def test_a_day_that_is_past_or_none_is_told_at_its_field(
    rooms: Rooms, day: str
) -> None:
    await _plan(rooms)
    form = f"{await _subscribed(rooms)}/overrides"
    typed = {**QUOTA, "limits.0.until": day}
    refused = await rooms.visitor.submit(form, form, **typed)
    assert refused.status_code == 422
    assert 'id="f-limits-0-until-problem"' in refused.text
    assert f'value="{day}"' in refused.text


async def test_buyers_wait_for_approval_and_are_told_by_their_id_alone(
    rooms: Rooms, visitor: Visitor
) -> None:
    """Neither side reads the other's names, and only the provider approves."""
    plan = await _plan(rooms, visibility="public", approval="manual")
    id = plan.rsplit("/", 1)[1]
    seller, visitor.client = visitor.client, visitor.another()
    buyer = await enter(visitor, "bea@example.com")
    application = await _application(buyer, "Secret project")
    action = f"{application}/subscribe"
    theirs = await buyer.do(action, action, plan_id=id)
    page = await buyer.text(theirs)
    assert "Waits for approval" in page
    assert "/approve" not in page
    assert "/overrides" not in page
    await buyer.text(f"{theirs}/overrides", 403)
    await buyer.text(f"{buyer.root}/plans/{id}", 404)
    await visitor.client.aclose()
    visitor.client = seller
    ours = f"{rooms.root}/subscriptions/{theirs.rsplit('/', 1)[1]}"
    page = await rooms.text(ours)
    assert application.rsplit("/", 1)[1] in page
    assert "Secret project" not in page
    await rooms.do(ours, f"{ours}/approve")
    assert "Waits for approval" not in await rooms.text(ours)


async def test_a_plan_of_another_project_is_not_found_here(rooms: Rooms) -> None:
    plan = (await _plan(rooms, visibility="public")).rsplit("/", 1)[1]
    one = (await _subscribed(rooms)).rsplit("/", 1)[1]
    projects = f"{rooms.home}/projects"
    await rooms.do(f"{projects}/new", projects, name="Other")
    found = set(re.findall(r"prj_\w{22}", await rooms.text(projects)))
    (other,) = (id for id in found if id not in rooms.root)
    await rooms.text(f"/{other}/test/plans/{plan}", 404)
    await rooms.text(f"/{other}/test/subscriptions/{one}", 404)


async def test_who_waits_is_on_the_overview_and_approved_there(
    rooms: Rooms, visitor: Visitor, office: Office, database: Database
) -> None:
    plan = await _plan(rooms, "Partner", visibility="public", approval="manual")
    api = (await rooms.api("Maps")).rpartition("/")[2]
    _called(rooms, office, database, api)
    overview = f"{rooms.root}/overview"
    assert "waits for approval" not in await rooms.text(overview)
    seller, visitor.client = visitor.client, visitor.another()
    buyer = await enter(visitor, "bea@example.com")
    action = f"{await _application(buyer)}/subscribe"
    theirs = await buyer.do(action, action, plan_id=plan.rsplit("/", 1)[1])
    await visitor.client.aclose()
    visitor.client = seller
    assert "wants Partner, and waits for approval" in await rooms.text(overview)
    id = theirs.rsplit("/", 1)[1]
    await rooms.do(overview, f"{rooms.root}/subscriptions/{id}/approve")
    assert "waits for approval" not in await rooms.text(overview)


def _called(rooms: Rooms, office: Office, database: Database, api: str) -> None:
    """One call that passed: until then the overview is that of a first day."""
    us, minute = rooms.home.strip("/"), office.clock.now_us() // 60_000_000
    served = Use(us, us, api, "", "key_1", 1, "app_1", "test", "")
    buckets = {BucketKey(minute, served, Verdict.VALID.number): Bucket(1)}
    database.sink.open_spool("spl_1", "nod_1", "boot")
    assert database.sink.book(UsageBatch("spl_1", 0, 1, buckets=buckets))


async def test_a_plan_s_schedule_is_told_as_a_sentence(rooms: Rooms) -> None:
    """To who sells it and to who has it, and it can be taken away again."""
    days = {"rotation_days": "90", "rotation_overlap": "604800"}
    plan = await _plan(rooms, **days)
    told = "every 90 days, with an overlap of 1 week"
    assert told.capitalize() in await rooms.text(plan)
    assert 'value="90"' in await rooms.text(f"{plan}/edit")
    subscription = await _subscribed(rooms)
    assert told.capitalize() in await rooms.text(subscription)
    await rooms.do(f"{plan}/edit", plan, rotation_days="")
    assert "Every 90 days" not in await rooms.text(plan)


async def test_a_schedule_that_cannot_be_is_told_at_its_field(rooms: Rooms) -> None:
    path = f"{rooms.root}/plans"
    typed = {"name": "B", "api": "weather", "rotation_days": "9999"}
    refused = await rooms.visitor.submit(f"{path}/new", path, **typed)
    assert refused.status_code == 422
    assert 'id="f-rotation_days-problem"' in refused.text


# -- limits of single routes ------------------------------------------------------

SLOW = {"on": "1", "on.0.amount": "5", "on.0.per": "rate:1"}


@pytest.fixture
async def radar(rooms: Rooms) -> str:
    """A route as a form names it: the API's slug and the route's id."""
    api = re.search(r"/apis/api_\w+", await rooms.text(f"{rooms.root}/apis"))
    assert api
    at = f"{rooms.root}{api[0]}/routes"
    await rooms.do(f"{at}/new", at, method="GET", path="/radar")
    form = await rooms.text(f"{rooms.root}/plans/new")
    found = re.search(r'<option value="(weather rte_\w+)">GET /radar</option>', form)
    assert found
    return found[1]


async def test_a_limit_of_a_route_is_made_shown_and_changed(
    rooms: Rooms, radar: str
) -> None:
    """Rate and quota of one route, whom each counts for; and they go again."""
    month = {"on.1.amount": "900", "on.1.per": "quota:month", "on.1.route": radar}
    typed = {**SLOW, "on.0.route": radar, "on.0.counts": "key", **month}
    plan = await _plan(rooms, **QUOTA, **typed)
    page = await rooms.text(plan)
    assert "<code>weather GET /radar</code> 5 times a second for each key" in page
    assert "<code>weather GET /radar</code> 900 a month" in page
    form = await rooms.text(f"{plan}/edit")
    assert form.count(f'<option value="{radar}" selected>') == 2
    assert 'name="on.2.amount"' in form
    less = {**typed, "on.0.amount": "", "on.1.amount": "800"}
    await rooms.do(f"{plan}/edit", plan, **QUOTA, **less)
    page = await rooms.text(plan)
    assert "800 a month" in page
    assert "5 times a second" not in page.partition('id="versions"')[0]
    assert "No longer on weather GET /radar" in page
    await rooms.do(f"{plan}/edit", plan, **{"on.0.amount": ""})
    assert "On single routes" not in (await rooms.text(plan)).partition("<section")[0]


async def test_a_form_without_routes_leaves_them_as_they_are(
    rooms: Rooms, radar: str
) -> None:
    """Else a form that was opened before the first route would take them away."""
    plan = await _plan(rooms, **SLOW, **{"on.0.route": radar})
    page = await rooms.visitor.get(plan)
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert token
    typed = {"csrf": token[1], "name": "Basic", "slug": "basic", "api": "weather"}
    sent = await rooms.visitor.client.post(plan, data=typed)
    assert sent.status_code == 303
    assert "<code>weather GET /radar</code> 5 times a second" in await rooms.text(plan)


async def test_what_is_wrong_with_a_route_s_limit_is_told_in_its_row(
    rooms: Rooms, radar: str
) -> None:
    """No route, a number that is none, and an API that the plan does not open."""
    path = f"{rooms.root}/plans"
    await rooms.api("Maps")
    for api, more, place, told in (
        ("weather", {}, "on.0.route", "is not chosen"),
        ("weather", {"on.0.route": radar, "on.0.amount": "many"}, "on.0.amount", ""),
        ("maps", {"on.0.route": radar}, "on.0.route", "is not opened by the plan"),
        ("weather", {"on.0.route": radar, "on.0.amount": "0"}, "on.0.amount", ""),
    ):
        typed = {"name": "Bee", "api": api, **SLOW, **more}
        refused = await rooms.visitor.submit(f"{path}/new", path, **typed)
        assert refused.status_code == 422, place
        assert f'id="f-{place.replace(".", "-")}-problem"' in refused.text
        assert told in refused.text
        assert ">Route limit 1</a>" in refused.text
        assert f'value="{more.get("on.0.amount", "5")}"' in refused.text
