"""The form of an API: what was typed, the fields it comes to, and back."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from keyhouse.core.entities import Api, BrowserKeys, Environment
from keyhouse.core.validation import Problem
from keyhouse.doors.console.apis.limit_rows import LimitRow, limits_of, read_rows, rows_of
from keyhouse.doors.console.apis.role_lines import of_role, read_roles, show_roles
from keyhouse.doors.console.apis.words import of_word, words
from keyhouse.services.catalog import ApiFields

SAME: Final = "same"
OTHER: Final = "other"
REFUSED: Final = "refused"
KEY_HEADER: Final = "X-API-Key"
_SLUG_LENGTH: Final = 63
_LIVE: Final = Environment.LIVE.value
_TEST: Final = Environment.TEST.value
_TEXTS: Final = (
    "name",
    "slug",
    "upstream",
    "test_calls",
    "upstream_test",
    "scopes",
    "roles",
    "key_header",
    "query_parameter",
    "browser_keys",
    "cors_origins",
)


class ApiForm(NamedTuple):
    """An API as its form shows it; `test_calls` says where test keys lead."""

    name: str = ""
    slug: str = ""
    upstream: str = ""
    test_calls: str = SAME
    upstream_test: str = ""
    scopes: str = ""
    roles: str = ""
    key_header: str = KEY_HEADER
    query_parameter: str = ""
    browser_keys: str = BrowserKeys.REFUSE.value
    cors_origins: str = ""
    limits: Sequence[LimitRow] = ()

    @property
    def wanted_slug(self) -> str:
        """The slug that was typed, or the one that the name suggests."""
        return self.slug or slug_from(self.name)


def read_api(form: Mapping[str, object]) -> ApiForm:
    """What was typed into the form of an API."""
    typed = {name: str(form[name]).strip() for name in _TEXTS if name in form}
    return ApiForm(**typed, limits=read_rows(form))


def show_api(api: Api) -> ApiForm:
    """The form that shows an API as it is."""
    live, test = api.upstreams.get(_LIVE, ""), api.upstreams.get(_TEST, "")
    lead = SAME if test == live else OTHER if test else REFUSED
    return ApiForm(
        name=api.name,
        slug=api.slug,
        upstream=live,
        test_calls=lead,
        upstream_test=test if lead == OTHER else "",
        scopes="\n".join(api.scopes),
        roles=show_roles(api.roles),
        key_header=api.key_header,
        query_parameter=api.query_parameter or "",
        browser_keys=api.browser_keys.value,
        cors_origins="\n".join(api.cors_origins),
        limits=rows_of(api.limits),
    )


def api_fields(form: ApiForm) -> tuple[ApiFields, list[Problem]]:
    """What a form comes to, and what in it the rules of an API cannot read."""
    limits, problems = limits_of(form.limits)
    roles, wrong = read_roles(form.roles)
    problems += wrong
    if form.test_calls == OTHER and not form.upstream_test:
        mend = "give the address, or send test calls to the same one"
        problems.append(Problem("upstream_test", "is empty", mend))
    fields = ApiFields(
        name=form.name,
        upstreams=_upstreams(form),
        scopes=words(form.scopes),
        roles=roles,
        limits=limits,
        key_header=form.key_header or KEY_HEADER,
        query_parameter=form.query_parameter or None,
        browser_keys=_browser_keys(form.browser_keys),
        cors_origins=words(form.cors_origins),
    )
    return fields, problems


def _browser_keys(typed: str) -> BrowserKeys:
    known = typed in tuple(BrowserKeys)
    return BrowserKeys(typed) if known else BrowserKeys.REFUSE


def at_fields(form: ApiForm, problems: Iterable[Problem]) -> dict[str, Problem]:
    """Problems by the form's own fields, the first of each."""
    places: dict[str, Problem] = {}
    for problem in problems:
        placed = _placed(form, problem)
        places.setdefault(placed.field, placed)
    return places


def slug_from(name: str) -> str:
    """A slug that a name suggests; '' where it has no letter of the alphabet."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    joined = re.sub(r"[^a-z0-9]+", "-", plain.lower())
    return joined.lstrip("-0123456789")[:_SLUG_LENGTH].strip("-")


def _upstreams(form: ApiForm) -> dict[str, str]:
    test = {SAME: form.upstream, OTHER: form.upstream_test}.get(form.test_calls, "")
    found = {_LIVE: form.upstream, _TEST: test}
    return {environment: url for environment, url in found.items() if url}


def _placed(form: ApiForm, problem: Problem) -> Problem:
    """A problem at the field that a person sees."""
    field = problem.field
    if field == "upstreams.test" and form.test_calls == OTHER:
        return problem._replace(field="upstream_test")
    if field.startswith("upstreams"):
        return problem._replace(field="upstream")
    if field.startswith("roles."):
        return of_role(form.roles, problem)
    if field.startswith("scopes."):
        return of_word("scopes", words(form.scopes), problem)
    if field.startswith("cors_origins."):
        return of_word("cors_origins", words(form.cors_origins), problem)
    if field == "slug" and not form.wanted_slug:
        return Problem("slug", "is empty", "give the name that it has in addresses")
    return problem
