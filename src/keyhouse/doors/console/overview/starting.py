"""How far a project has come: an API, a key for it, a first call."""

from typing import NamedTuple

from keyhouse.core.entities import Api, Environment
from keyhouse.services import catalog, issue
from keyhouse.services.issue import KeyFilter, KeyView
from keyhouse.services.work import Look, Turn

_KEYS_LOOKED_AT = 20


class Start(NamedTuple):
    """What there is of it; `api` and `key` are the newest."""

    api: Api | None
    key: KeyView | None
    was_called: bool

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left to learn of the beginning."""
        return self.was_called


def start_of(look: Look, project: str, environment: Environment) -> Start:
    """How far the project has come in this environment."""
    apis: list[Api] = catalog.list_apis(look, Turn(limit=1), project=project).rows
    wanted = KeyFilter(project=project, environment=environment)
    turn = Turn(limit=_KEYS_LOOKED_AT)
    keys: list[KeyView] = issue.list_keys(look, turn, wanted).rows
    return Start(
        apis[0] if apis else None,
        keys[0] if keys else None,
        any(view.last_used_at is not None for view in keys),
    )
