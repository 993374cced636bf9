"""The form of what has limits that its keys share: a customer, or an application."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from starlette.responses import Response

from keyhouse.core.entities import Application, Customer
from keyhouse.core.validation import Problem
from keyhouse.doors.console.apis.limit_rows import LimitRow
from keyhouse.doors.console.keys import limits_form
from keyhouse.doors.console.keys.places import by_place
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.visits import InProject
from keyhouse.services.refusals import Invalid, Taken
from keyhouse.services.work import Work

R = TypeVar("R", Application, Customer)


class Form(NamedTuple):
    """What was typed: the fields of text, and the rows of limits."""

    texts: Mapping[str, str] = {}
    rows: Sequence[LimitRow] = ()


def _nothing(_: Form) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class LimitedForm(Generic[R]):
    """How one kind of thing is typed and saved.

    Its list is at `place`, its template in the folder of that name, which knows what is
    edited as `name`; `fields` are those of text. `beside` is what the template needs more.
    """

    place: str
    name: str
    fields: tuple[str, ...]
    beside: Callable[[Form], Mapping[str, Any]] = _nothing

    async def typed(self, here: InProject) -> tuple[Form, bool]:
        """The form that was sent, and whether another row of limits is asked for."""
        form = await here.form()
        texts = {name: str(form.get(name, "")).strip() for name in self.fields}
        rows = limits_form.form_rows(Typed.of(form.multi_items()))
        return Form(texts, rows), "more" in form

    async def saved(
        self,
        here: InProject,
        form: Form,
        row: R | None,
        act: Callable[[Work], R],
        toast: str,
    ) -> Response:
        """On to what was saved, or the form with what stands in the way."""
        try:
            made = await here.write(act)
        except (Invalid, Taken) as error:
            return self.page(here, form, row, error.problems)
        return see_other(here, here.url(self.place, made.id), toast)

    def page(
        self,
        here: InProject,
        form: Form,
        row: R | None,
        problems: Sequence[Problem] = (),
    ) -> Response:
        """The form, of what there is or, without a `row`, of something new."""
        context: dict[str, Any] = {self.name: row, **self.beside(form)}
        return render(
            here,
            f"{self.place}/form.html",
            422 if problems else 200,
            typed=form.texts,
            rows=[*form.rows, LimitRow()],
            per=limits_form,
            problems=by_place(problems),
            **context,
        )
