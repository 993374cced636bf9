"""What stands in a made-up story, so that a made-up request can name it."""

import copy
from collections import defaultdict
from collections.abc import Mapping
from random import Random
from typing import Any

from schemathesis.core.transport import Response
from schemathesis.generation.case import Case

from tests.doors.api.conftest import House

_FIELDS = {
    "api": "api",
    "application": "app",
    "customer": "cus",
    "key": "key",
    "plan": "pln",
    "project": "prj",
}
_PARTS = {"route": "rte", "secret_id": "sec", "credit": "crd", "delivery": "dlv"}
_OF_ITS_OWN = ("slug", "external_id", "email")


class Standing:
    """The ids of each kind that an answer told, those that are gone too."""

    def __init__(self, house: House, has: Mapping[str, str], choice: Random) -> None:
        self._document = house.app.openapi()
        self._choice = choice
        self._told: defaultdict[str, list[str]] = defaultdict(list)
        self._kinds = {kind: id.partition("_")[0] for kind, id in has.items()}
        self._kinds |= {"apis": "api", "requests": "req", "sessions": "ses"}
        for id in has.values():
            self._note(id)

    def learn(self, response: Response) -> None:
        """Remember what was made, listed or told."""
        if response.status_code >= 300 or not response.content:
            return
        if "json" not in response.headers["content-type"][0]:
            return
        told = response.json()
        rows = told.get("data", [told])
        for row in rows:
            if isinstance(row, dict) and isinstance(row.get("id"), str):
                self._note(row["id"])

    def _note(self, id: str) -> None:
        known = self._told[id.partition("_")[0]]
        if id not in known:
            known.append(id)

    def fit(self, case: Case[Any]) -> None:
        """Let path and body name what stands instead of what was never there."""
        kind = self._kinds.get(case.path.split("/")[2] if "{" in case.path else "", "")
        for name, id in case.path_parameters.items():
            known = self._told.get(_PARTS.get(name, kind))
            if known and id not in known:
                case.path_parameters[name] = self._choice.choice(known)
        content = (
            self._document["paths"][case.path][case.method.lower()]
            .get("requestBody", {})
            .get("content", {})
        )
        if content and self._choice.random() < 0.5:
            case.body = copy.deepcopy(content["application/json"]["example"])
        case.body = self._fitted(case.body)

    def _fitted(self, part: Any, name: str = "") -> Any:
        if isinstance(part, dict):
            return {name: self._fitted(one, name) for name, one in part.items()}
        if isinstance(part, list):
            return [self._fitted(one, name) for one in part]
        if not isinstance(part, str):
            return part
        if name in _OF_ITS_OWN:
            return f"{self._choice.randrange(1 << 40):x}-{part}"[:60]
        known = self._told.get(_FIELDS.get(name, ""))
        return self._choice.choice(known) if known else part
