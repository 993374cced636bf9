"""Who asks, and how far what they hold reaches."""

from dataclasses import dataclass
from typing import NamedTuple

from keyhouse.core.entities import Access, Api, Resource
from keyhouse.core.records import GrantRecord
from keyhouse.core.scopes import EVERYTHING, covers
from keyhouse.services.refusals import Forbidden

OPERATOR = "operator"
"""The actor of what is done by a command on the machine itself."""
WORKER = "worker"
"""The actor of what happens on its own."""
HOLDER = "holder"
"""The actor of what a secret's holder does, of whom nothing else is known."""


class Reach(NamedTuple):
    """What a scope is held for: the whole organization, or only these."""

    whole: bool
    project_ids: frozenset[str] = frozenset()
    api_ids: frozenset[str] = frozenset()

    def holds_project(self, project_id: str) -> bool:
        """Whether a project, and all that is in it, is within reach."""
        return self.whole or project_id in self.project_ids

    def holds_api(self, api: Api) -> bool:
        """Whether an API is within reach, by itself or with its project."""
        return self.holds_project(api.project_id) or api.id in self.api_ids

    def holds_access(self, access: Access) -> bool:
        """Whether what a row of access names is within reach."""
        if access.resource is Resource.PROJECT:
            return self.holds_project(access.resource_id)
        return self.whole or access.resource_id in self.api_ids


@dataclass(frozen=True, slots=True)
class Actor:
    """A management key (or person) at work in its organization.

    `grants` is what it may do; `address` and `request_id` go into the audit.
    `secret_id` is that of the key's secret that came, '' where none did.
    """

    id: str
    organization_id: str
    grants: tuple[GrantRecord, ...]
    address: str = ""
    request_id: str = ""
    secret_id: str = ""

    def reach(self, scope: str) -> Reach:
        """What the actor has `scope` for. Raises Forbidden where for nothing."""
        held = [grant for grant in self.grants if covers(grant.scopes, scope)]
        whole = any(self._is_whole(grant) for grant in held)
        if not held:
            raise Forbidden(scope)
        return Reach(
            whole,
            frozenset(g.resource_id for g in held if g.resource is Resource.PROJECT),
            frozenset(g.resource_id for g in held if g.resource is Resource.API),
        )

    def whole(self, scope: str) -> None:
        """Raise Forbidden unless `scope` is held for the whole organization."""
        if not self.reach(scope).whole:
            raise Forbidden(scope, " for the whole organization")

    def scopes_on(self, resource_id: str, project_id: str | None) -> frozenset[str]:
        """All scopes held on an API or project, wider grants included."""
        return frozenset(
            scope
            for grant in self.grants
            if self._is_whole(grant) or grant.resource_id in (resource_id, project_id)
            for scope in grant.scopes
        )

    def _is_whole(self, grant: GrantRecord) -> bool:
        return (
            grant.resource is Resource.ORGANIZATION
            and grant.resource_id == self.organization_id
        )


def all_powerful(id: str, organization_id: str) -> Actor:
    """The operator or the worker at work in an organization: it may do all there."""
    everything = GrantRecord(
        Resource.ORGANIZATION,
        organization_id,
        organization_id,
        None,
        frozenset((EVERYTHING,)),
    )
    return Actor(id, organization_id, (everything,))
