from keyhouse.core.entities import (
    Access,
    Environment,
    Key,
    KeyKind,
    Limit,
    LimitKind,
    Resource,
    Restrictions,
    RotationSchedule,
    Window,
)
from keyhouse.core.validation import Problem
from keyhouse.doors.console.keys.places import by_place
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.keys.wish_form import (
    PARTS,
    read_changes,
    read_wish,
    typed_of,
)
from keyhouse.services.issue import (
    AccessWish,
    ApplicationWish,
    KeyState,
    KeyView,
    KeyWish,
)

NOW = 1_700_000_000_000_000  # 14 November 2023, 22:13:20 UTC
DAY = 86_400_000_000


def typed(**fields: str | list[str]) -> Typed:
    pairs = [
        (name.replace("__", "."), value)
        for name, values in fields.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    return Typed.of(pairs)


def wish(**fields: str | list[str]) -> KeyWish:
    read = read_wish(typed(**fields), "prj_1", "test", NOW)
    assert read.problems == []
    return read.wish


def test_a_name_and_an_api_are_enough_and_the_page_tells_the_rest() -> None:
    made = wish(name="  billing ", api="weather")
    assert made.name == "billing"
    assert made.access == (AccessWish(Resource.API, "weather", ()),)
    assert made.project == "prj_1"
    assert made.environment is Environment.TEST
    assert made.kind is KeyKind.SERVER
    assert made.ends_at is None
    assert made.application is None


def test_a_ticked_scope_opens_its_api_even_where_the_api_was_not_ticked() -> None:
    made = wish(name="a", api="maps", scope__weather=["forecast:read", "alerts:read"])
    assert made.access == (
        AccessWish(Resource.API, "maps", ()),
        AccessWish(Resource.API, "weather", ("forecast:read", "alerts:read")),
    )


def test_a_ticked_role_opens_its_api_as_a_scope_does() -> None:
    made = wish(name="a", role__weather=["reader", "clerk"], scope__weather="a:b")
    assert made.access == (
        AccessWish(Resource.API, "weather", ("a:b",), ("reader", "clerk")),
    )


def test_one_entry_a_line_and_blank_lines_count_for_nothing() -> None:
    made = wish(name="a", networks_allowed="203.0.113.0/24\r\n\r\n 2001:db8::/32 \n")
    assert made.restrictions.networks_allowed == ("203.0.113.0/24", "2001:db8::/32")
    assert made.restrictions.referrers == ()


def test_an_application_can_be_chosen_or_named() -> None:
    assert wish(name="a", application="app_1").application == "app_1"
    named = wish(name="a", application="new", application_name="Planner")
    assert named.application == ApplicationWish("Planner")


def test_one_choice_tells_kind_and_length_of_a_limit() -> None:
    made = wish(
        name="a",
        limits__0__amount="600",
        limits__0__per="rate:60",
        limits__0__burst="20",
        limits__1__amount="50,000",
        limits__1__per="quota:day",
        limits__1__zone="Europe/Berlin",
        limits__2__amount="",
        limits__2__per="rate:1",
    )
    rate, quota = made.limits
    assert rate == Limit(
        name="per-minute", kind=LimitKind.RATE, amount=600, period_seconds=60, burst=20
    )
    assert quota == Limit(
        name="daily",
        kind=LimitKind.QUOTA,
        amount=50_000,
        window=Window.DAY,
        zone="Europe/Berlin",
    )


def test_an_end_is_told_in_days_or_as_the_last_day_of_all() -> None:
    assert wish(name="a", expiry="30").ends_at == NOW + 30 * DAY
    assert wish(name="a", expiry="never").ends_at is None
    last = wish(name="a", expiry="date", ends_on="2023-11-30")
    assert last.ends_at == 1_701_388_800_000_000  # 1 December, midnight


def test_a_day_that_is_past_or_none_is_named_with_its_mend() -> None:
    past = read_wish(typed(expiry="date", ends_on="2023-11-13"), "p", "test", NOW)
    assert [(one.field, one.reason) for one in past.problems] == [("ends_on", "is past")]
    none = read_wish(typed(expiry="date", ends_on="soon"), "p", "test", NOW)
    assert none.problems[0].mend == "write it as 2027-01-31"


def test_an_amount_that_is_none_is_named_by_its_row() -> None:
    read = read_wish(typed(limits__0__amount="a few"), "p", "test", NOW)
    assert read.problems == []  # without a choice it is no row
    read = read_wish(
        typed(limits__0__amount="a few", limits__0__per="rate:60"), "p", "test", NOW
    )
    assert read.problems[0].field == "limits.0.amount"


def view() -> KeyView:
    key = Key(
        id="key_1",
        organization_id="org_1",
        project_id="prj_1",
        application_id="app_1",
        name="billing",
        kind=KeyKind.SERVER,
        environment=Environment.LIVE,
        restrictions=Restrictions(networks_allowed=("10.0.0.0/8", "::1/128")),
        limits=(
            Limit(name="x", kind=LimitKind.RATE, amount=7, period_seconds=90, burst=2),
            Limit(
                name="y",
                kind=LimitKind.QUOTA,
                amount=9,
                window=Window.MONTH,
                zone="Asia/Tokyo",
                offset_seconds=3600,
            ),
        ),
        ends_at=NOW + 5,
        created_by="usr_1",
        created_at=NOW,
        updated_at=NOW,
        rotation=RotationSchedule(every_days=90, overlap_seconds=5),
        owner_id="usr_2",
        purpose="Invoices",
        tags=("nightly", "team:money"),
    )
    access = Access(
        id="key_1/api_1",
        key_id="key_1",
        resource=Resource.API,
        resource_id="api_1",
        provider_id="org_1",
        scopes=("forecast:*",),
        roles=("reader",),
        created_at=NOW,
    )
    return KeyView(key, KeyState.ACTIVE, (access,), {"api_1": "weather"}, "…k9Qa", None)


def test_a_form_sent_back_untouched_changes_nothing() -> None:
    now = view()
    sent = typed_of(now)
    changed: dict[str, object] = {}
    for part in PARTS:
        read = read_changes(sent, part, NOW)
        assert read.problems == []
        changed |= read.changes
    assert changed == {
        "name": "billing",
        "access": (AccessWish(Resource.API, "weather", ("forecast:*",), ("reader",)),),
        "restrictions": now.key.restrictions,
        "limits": now.key.limits,
        "owner": "usr_2",
        "purpose": "Invoices",
        "tags": now.key.tags,
        "rotation": now.key.rotation,
    }


def test_an_end_can_be_taken_away() -> None:
    assert read_changes(typed(expiry="never"), "expiry", NOW).changes == {"ends_at": None}


def test_a_problem_in_a_list_is_shown_at_its_field_with_its_line() -> None:
    placed = by_place(
        [
            Problem("restrictions.networks_allowed.1", "is no network", "mend it"),
            Problem("access.0.scopes.2", "is not a scope of the API", "choose"),
            Problem("limits.0.amount", "is out of range", "give less"),
            Problem("ends_at", "is not after the start", "choose a later end"),
            Problem("application.name", "is empty", "give it a name"),
        ]
    )
    assert placed["networks_allowed"].reason == "line 2 is no network"
    assert set(placed) == {
        "networks_allowed",
        "access",
        "limits.0.amount",
        "ends_on",
        "application_name",
    }
