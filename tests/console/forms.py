"""The forms of a page, as a browser would send them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_UNSAFE = ("hx-post", "hx-put", "hx-patch", "hx-delete")
_TICKED = ("checkbox", "radio")


@dataclass
class Form:
    """Where it goes, what stands in it, and what else could be chosen."""

    method: str
    action: str
    sent: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)

    @property
    def fields(self) -> set[str]:
        """The names of all that can be filled in."""
        return {*self.sent, *self.choices}


def forms_of(page: str) -> list[Form]:
    """All forms, in order, and each element that htmx sends by itself."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._select = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(told.get("method", "get").upper(), told.get("action", ""))
            self.forms.append(self._open)
        for name, action in _sent_by_script(told):
            self.forms.append(Form(name, action))
        if self._open is not None:
            self._take(self._open, tag, told)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._open is not None and self._area:
            self._open.sent[self._area] += data

    def _take(self, form: Form, tag: str, told: dict[str, str]) -> None:
        name = told.get("name", "")
        if tag == "option" and self._select:
            _choose(form, self._select, told.get("value", ""), "selected" in told)
        elif tag == "select":
            self._select = name
        elif tag == "textarea" and name:
            self._area = name
            form.sent[name] = ""
        elif tag == "input" and name and told.get("type") in _TICKED:
            _choose(form, name, told.get("value", "on"), "checked" in told, offered=False)
        elif tag == "input" and name and told.get("type") != "submit":
            form.sent[name] = told.get("value", "")


def _sent_by_script(told: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name in _UNSAFE:
        if name in told:
            yield name.removeprefix("hx-").upper(), told[name]


def _choose(
    form: Form, name: str, value: str, chosen: bool, *, offered: bool = True
) -> None:
    """Note a choice. A list sends its first one where none is chosen; a box nothing."""
    form.choices.setdefault(name, []).append(value)
    if chosen or (offered and name not in form.sent):
        form.sent[name] = value
