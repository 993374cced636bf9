import pytest

from keyhouse.core.entities import (
    Api,
    Environment,
    KeyKind,
    Limit,
    LimitKind,
    Restrictions,
    Window,
)
from keyhouse.doors.console.keys import words
from keyhouse.doors.console.keys.risks import Weight, risks
from keyhouse.doors.console.keys.sentences import Reach, sentence

MINUTELY = Limit(name="m", kind=LimitKind.RATE, amount=600, period_seconds=60)
DAILY = Limit(name="d", kind=LimitKind.QUOTA, amount=50_000, window=Window.DAY)
ENDS = 1_800_000_000_000_000


def api(
    *limits: Limit,
    scopes: tuple[str, ...] = (),
    roles: dict[str, tuple[str, ...]] | None = None,
) -> Api:
    return Api(
        id="api_1",
        organization_id="org_1",
        project_id="prj_1",
        slug="weather",
        name="Weather",
        scopes=scopes,
        roles=roles or {},
        limits=limits,
        created_at=0,
        updated_at=0,
    )


UNLIMITED, LIMITED = {"weather": api()}, {"weather": api(MINUTELY)}


def reach(**fields: object) -> Reach:
    given: dict[str, object] = {
        "access": {"weather": ("forecast:read", "forecast:write")},
        "environment": Environment.LIVE,
        "restrictions": Restrictions(),
        **fields,
    }
    return Reach(**given)  # type: ignore[arg-type]


def test_the_sentence_says_all_that_a_key_may_do() -> None:
    whole = reach(
        restrictions=Restrictions(networks_allowed=("203.0.113.0/24",)),
        limits=(MINUTELY, DAILY),
    )
    assert sentence(whole) == (
        "May call weather (forecast: read and write) in live, "
        "from 203.0.113.0/24 only, 600 times a minute, 50,000 a day."
    )


def test_a_key_that_opens_nothing_is_told_so() -> None:
    assert sentence(reach(access={})).startswith("Opens nothing yet")


def test_several_apis_wide_scopes_and_every_kind_of_place() -> None:
    text = sentence(
        reach(
            access={"weather": ("*",), "maps": (), "mail": ("box:*", "send:now")},
            restrictions=Restrictions(
                endpoints=("GET /v1/**",),
                networks_denied=("10.0.0.0/8",),
                referrers=("https://a.example/*", "b.example", "c.example", "d.example"),
                apps=("ios:com.example.Weather", f"android:com.example.app:{'0' * 40}"),
            ),
            ends_at=ENDS,
        )
    )
    assert text == (
        "May call weather (everything), maps and mail (box: everything; send: now) "
        "in live, only GET /v1/**, never from 10.0.0.0/8, from pages of "
        "https://a.example/*, b.example or 2 other pages, "
        "from the app com.example.Weather (iOS) or com.example.app (Android), "
        "until 15 January 2027, 08:00 UTC."
    )


def test_roles_are_told_before_the_scopes_beside_them() -> None:
    roles = {"weather": ("reader", "clerk"), "maps": ("reader",)}
    text = sentence(reach(access={"weather": ("*:list",), "maps": ()}, roles=roles))
    assert text == (
        "May call weather (as reader and clerk; all resources: list) "
        "and maps (as reader) in live."
    )


def test_a_role_that_holds_everything_is_as_wide_as_the_scope() -> None:
    known = {"weather": api(MINUTELY, scopes=("a:b",), roles={"chief": ("*",), "none": ()})}
    wide = reach(access={"weather": ()}, roles={"weather": ("chief",)}, ends_at=ENDS)
    found = [one.text for one in risks(wide, KeyKind.SERVER, known)]
    assert "May do everything with weather" in found
    assert "No scopes of weather" not in found
    bare = reach(access={"weather": ()}, roles={"weather": ("none",)}, ends_at=ENDS)
    found = [one.text for one in risks(bare, KeyKind.SERVER, known)]
    assert "No scopes of weather" in found


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (Limit(name="a", kind=LimitKind.RATE, amount=1, period_seconds=1), "once a second"),
        (
            Limit(name="a", kind=LimitKind.RATE, amount=60, period_seconds=3600, burst=9),
            "60 times an hour, 9 at once",
        ),
        (
            Limit(name="a", kind=LimitKind.RATE, amount=5, period_seconds=90),
            "5 times every 90 seconds",
        ),
        (
            Limit(
                name="a",
                kind=LimitKind.QUOTA,
                amount=1000,
                window=Window.MONTH,
                zone="Europe/Berlin",
            ),
            "1,000 a month (Europe/Berlin)",
        ),
    ],
)
def test_limits_in_words(limit: Limit, said: str) -> None:
    assert words.limit(limit) == said


def test_a_midnight_is_told_as_the_day_that_ends_there() -> None:
    assert words.moment(1_701_388_800_000_000) == "the end of 30 November 2023 (UTC)"


def test_a_live_key_without_bounds_is_watched_and_the_worst_comes_first() -> None:
    found = risks(reach(access={"weather": ("*",)}), KeyKind.SERVER, UNLIMITED)
    assert [(one.weight, one.text) for one in found] == [
        (Weight.WATCH, "Can be used from anywhere"),
        (Weight.WATCH, "May do everything with weather"),
        (Weight.WATCH, "No limit on weather"),
        (Weight.NOTE, "Never ends"),
    ]


def test_in_test_the_same_is_but_a_note() -> None:
    lax = reach(environment=Environment.TEST)
    assert {one.weight for one in risks(lax, KeyKind.SERVER, UNLIMITED)} == {Weight.NOTE}


def test_a_bounded_key_is_fine() -> None:
    narrow = reach(
        restrictions=Restrictions(networks_allowed=("203.0.113.0/24",)),
        limits=(MINUTELY,),
        ends_at=ENDS,
    )
    (only,) = risks(narrow, KeyKind.SERVER, UNLIMITED)
    assert only.weight is Weight.FINE


def test_a_limit_of_the_api_is_a_limit() -> None:
    found = risks(reach(ends_at=ENDS), KeyKind.SERVER, LIMITED)
    assert [one.text for one in found] == ["Can be used from anywhere"]


def test_a_publishable_key_is_known_to_be_read_by_all() -> None:
    pages = reach(restrictions=Restrictions(referrers=("a.example",)), ends_at=ENDS)
    found = risks(pages, KeyKind.PUBLISHABLE, LIMITED)
    assert [one.text for one in found] == ["Can be read by every visitor"]


def test_ticking_no_scope_where_there_are_some_is_told() -> None:
    known = {"weather": api(MINUTELY, scopes=("forecast:read",))}
    found = risks(reach(access={"weather": ()}, ends_at=ENDS), KeyKind.SERVER, known)
    assert (Weight.NOTE, "No scopes of weather") in [(r.weight, r.text) for r in found]
