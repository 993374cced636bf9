"""The form of a route: a method, a path below the API's root, what they need."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from keyhouse.core.entities import CostFrom, Route
from keyhouse.core.patterns import ANY_METHOD
from keyhouse.core.scopes import OR
from keyhouse.core.validation import Problem
from keyhouse.doors.console.apis.limit_rows import LimitRow, limits_of, rows_of
from keyhouse.doors.console.apis.numbers import read_number
from keyhouse.doors.console.apis.words import of_word, words
from keyhouse.services.catalog import RouteFields

_AROUND_OR: Final = re.compile(r"\s*\|\s*")
METHODS: Final = (ANY_METHOD, "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


class RouteForm(NamedTuple):
    """A route as its form shows it."""

    method: str = "GET"
    path: str = ""
    scopes: str = ""
    cost: str = "1"
    cost_from: str = CostFrom.ROUTE.value
    position: str = ""
    limits: Sequence[LimitRow] = ()


def read_route(form: Mapping[str, object]) -> RouteForm:
    """What was typed into the form of a route, but its rows of limits."""
    blank = RouteForm()

    def text(name: str) -> str:
        return str(form.get(name, getattr(blank, name))).strip()

    return RouteForm(
        method=text("method"),
        path=text("path"),
        scopes=text("scopes"),
        cost=text("cost"),
        cost_from=text("cost_from"),
        position=text("position"),
    )


def show_route(route: Route) -> RouteForm:
    """The form that shows a route as it is."""
    return RouteForm(
        method=route.method,
        path=route.path,
        scopes=" ".join(route.scopes),
        cost=str(route.cost),
        cost_from=route.cost_from.value,
        position=str(route.position),
        limits=rows_of(route.limits),
    )


def route_fields(form: RouteForm) -> tuple[RouteFields, list[Problem]]:
    """What a form comes to; without a position a new route is the last."""
    cost, problems = read_number("cost", form.cost, blank=1)
    limits, wrong = limits_of(form.limits)
    problems += wrong
    fields = RouteFields(
        method=form.method.upper(),
        path=form.path,
        scopes=entries(form.scopes),
        cost=cost,
        cost_from=CostFrom.UPSTREAM
        if form.cost_from == CostFrom.UPSTREAM
        else CostFrom.ROUTE,
        limits=limits,
    )
    if form.position:
        position, wrong = read_number("position", form.position)
        fields["position"] = position
        problems += wrong
    return fields, problems


def entries(text: str) -> tuple[str, ...]:
    """What is needed, each once; spaces around `|` do not part alternatives."""
    return words(_AROUND_OR.sub(OR, text))


def at_fields(form: RouteForm, problems: Iterable[Problem]) -> dict[str, Problem]:
    """Problems by the form's own fields, the first of each."""
    places: dict[str, Problem] = {}
    for problem in problems:
        field = problem.field.partition(".")[0]
        if field == "limits":
            places.setdefault(problem.field, problem)
        elif field != problem.field:
            places.setdefault(field, of_word(field, entries(form.scopes), problem))
        else:
            places.setdefault(field, problem)
    return places
