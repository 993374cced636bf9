"""The form of an API loses nothing, and tells what is wrong where it was typed."""

import pytest

from keyhouse.core.entities import Api, BrowserKeys
from keyhouse.core.validation import (
    Problem,
    check_api_roles,
    check_scopes,
    check_slug,
    check_upstreams,
)
from keyhouse.doors.console.apis.form import (
    ApiForm,
    api_fields,
    at_fields,
    read_api,
    show_api,
    slug_from,
)
from keyhouse.doors.console.apis.words import words

LIVE, TEST = "https://api.example.com", "http://127.0.0.1:3000/v2"


def api(upstreams: dict[str, str]) -> Api:
    return Api(
        id="api_1",
        organization_id="org_1",
        project_id="prj_1",
        slug="weather",
        name="Weather",
        upstreams=upstreams,
        scopes=("forecast:read", "alerts:read"),
        roles={"reader": ("*:read", "alerts:read"), "nobody": ()},
        query_parameter="key",
        browser_keys=BrowserKeys.FLAG,
        cors_origins=("https://*.shop.example",),
        created_at=0,
        updated_at=0,
    )


@pytest.mark.parametrize(
    "upstreams",
    [
        {},
        {"live": LIVE},
        {"test": TEST},
        {"live": LIVE, "test": LIVE},
        {"live": LIVE, "test": TEST},
    ],
)
def test_saving_the_form_as_it_was_shown_changes_nothing(upstreams: dict[str, str]) -> None:
    row = api(upstreams)
    fields, problems = api_fields(show_api(row))
    assert problems == []
    assert fields == {
        "name": row.name,
        "upstreams": upstreams,
        "scopes": row.scopes,
        "roles": row.roles,
        "limits": (),
        "key_header": row.key_header,
        "query_parameter": "key",
        "browser_keys": BrowserKeys.FLAG,
        "cors_origins": ("https://*.shop.example",),
    }


def test_a_name_and_an_upstream_are_enough() -> None:
    form = read_api({"name": " Wetter für alle ", "upstream": LIVE})
    fields, problems = api_fields(form)
    assert problems == []
    assert form.wanted_slug == "wetter-fur-alle"
    assert fields["upstreams"] == {"live": LIVE, "test": LIVE}
    assert fields["query_parameter"] is None
    assert fields["browser_keys"] is BrowserKeys.REFUSE


@pytest.mark.parametrize(
    ("name", "slug"),
    [("7 Seas & Co.", "seas-co"), ("天気", ""), ("Weather", "weather"), ("-", "")],
)
def test_a_slug_is_suggested_by_the_name(name: str, slug: str) -> None:
    assert slug_from(name) == slug
    if slug:
        assert check_slug("slug", slug) == []


def test_each_problem_stands_at_the_field_where_it_was_typed() -> None:
    form = ApiForm(name="天気", upstream="ftp://x", scopes="a:read, bad, a:read")
    fields, _ = api_fields(form)
    told = at_fields(
        form,
        [
            *check_slug("slug", form.wanted_slug),
            *check_upstreams("upstreams", fields["upstreams"]),
            *check_scopes("scopes", fields["scopes"], wild=False),
        ],
    )
    assert set(told) == {"slug", "upstream", "scopes"}
    assert told["scopes"].reason == "bad is no scope"
    assert told["slug"].reason == "is empty"


def test_roles_are_lines_and_each_problem_names_what_was_typed() -> None:
    form = ApiForm(scopes="a:read", roles="reader=a:read b:read\n\n Chief = *:read")
    fields, problems = api_fields(form)
    assert problems == []
    assert fields["roles"] == {"reader": ("a:read", "b:read"), "Chief": ("*:read",)}
    wrong = check_api_roles("roles", fields["roles"], fields["scopes"])
    reasons = [at_fields(form, [problem])["roles"].reason for problem in wrong]
    assert reasons == [
        "reader: b:read is not a scope of the API",
        "Chief is no name of a role",
    ]


@pytest.mark.parametrize(
    ("roles", "reason"),
    [
        ("reader a:read", "line 1 has no ="),
        ("r = a:read\nr = b:read", "line 2 names r again"),
    ],
)
def test_a_line_that_says_no_role_is_named(roles: str, reason: str) -> None:
    _, problems = api_fields(ApiForm(roles=roles))
    assert [(one.field, one.reason) for one in problems] == [("roles", reason)]


def test_another_address_for_test_calls_is_asked_for() -> None:
    form = ApiForm(name="Weather", upstream=LIVE, test_calls="other")
    _, problems = api_fields(form)
    assert [problem.field for problem in problems] == ["upstream_test"]
    wrong = Problem("upstreams.test", "is no address", "")
    assert set(at_fields(form, [wrong])) == {"upstream_test"}


def test_words_may_be_set_apart_as_people_do() -> None:
    assert words(" a:read,b:read\r\n\nc:read b:read ") == ("a:read", "b:read", "c:read")
    assert words(" \n") == ()
