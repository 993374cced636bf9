"""The form of an endpoint: what was typed, and what it asks for."""

from collections.abc import Mapping
from typing import NamedTuple

from starlette.datastructures import FormData

from keyhouse.core.entities import Webhook
from keyhouse.core.events import ALL

_TEXTS = ("name", "url", "project")


class Form(NamedTuple):
    """The fields of text, with `which` events; and the kinds that are ticked."""

    texts: Mapping[str, str]
    ticked: tuple[str, ...] = ()

    @property
    def events(self) -> tuple[str, ...]:
        """What the endpoint is to be sent."""
        return (ALL,) if self.texts["which"] == "all" else self.ticked


EMPTY = Form({"which": "all"})


def typed_form(form: FormData) -> Form:
    """The form that was sent."""
    texts = {name: str(form.get(name, "")).strip() for name in _TEXTS}
    ticked = dict.fromkeys(str(one) for one in form.getlist("event"))
    return Form({**texts, "which": str(form.get("which", "some"))}, tuple(ticked))


def held_form(webhook: Webhook) -> Form:
    """The form that shows an endpoint as it is."""
    every = ALL in webhook.events
    texts = {"name": webhook.name, "url": webhook.url, "which": "all" if every else "some"}
    return Form(texts, () if every else webhook.events)
