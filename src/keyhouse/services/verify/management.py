"""A management key, checked: who it is and what it may manage."""

from dataclasses import dataclass

from keyhouse.core.compilation import standing
from keyhouse.core.entities import KeyKind, Resource
from keyhouse.core.records import GrantRecord, KeyRecord
from keyhouse.core.scopes import covers
from keyhouse.core.verdict import Verdict
from keyhouse.services.verify.pieces import HeldKey


@dataclass(frozen=True, slots=True)
class ManagementKey:
    """The holder of a valid management key, and the id of the secret that came."""

    key: KeyRecord
    secret_id: str

    @property
    def id(self) -> str:
        """The key's id: the actor of what is done with it."""
        return self.key.id

    @property
    def organization_id(self) -> str:
        """The tenant that it acts in."""
        return self.key.organization_id

    def holds(self, scope: str) -> bool:
        """Whether it has the scope for anything at all."""
        # Loops, not `any`: this is asked with each call of verify.
        for grant in self.key.grants:
            if covers(grant.scopes, scope):
                return True
        return False

    def may(
        self, scope: str, *, project_id: str | None = None, api_id: str | None = None
    ) -> bool:
        """Whether it has the scope for this project or API.

        With neither named, for the whole organization.
        """
        for grant in self.key.grants:
            if covers(grant.scopes, scope) and self._reaches(grant, project_id, api_id):
                return True
        return False

    def _reaches(
        self, grant: GrantRecord, project_id: str | None, api_id: str | None
    ) -> bool:
        if grant.resource is Resource.ORGANIZATION:
            return grant.resource_id == self.organization_id
        if grant.resource is Resource.PROJECT:
            return grant.resource_id == project_id
        return grant.resource_id == api_id


def judge(
    held: HeldKey, address: int, key_id: str | None, now_us: int
) -> ManagementKey | Verdict:
    """Whether this key may manage now, from this address.

    `key_id` is the id that came with the secret, None where none did.
    """
    key = held.key
    refusal = refusal_of(held, key_id, now_us)
    if refusal is not None:
        return refusal
    if key.kind is not KeyKind.MANAGEMENT:
        return Verdict.API_NOT_ALLOWED
    if key.networks is not None and not key.networks.admits(address):
        return Verdict.IP_NOT_ALLOWED
    return ManagementKey(key, held.secret.id)


def refusal_of(held: HeldKey, key_id: str | None, now_us: int) -> Verdict | None:
    """Why a secret is no good now, whatever it is used for; None where it is."""
    key, secret, application, owners = held
    if key_id is not None and key_id != key.id:
        return Verdict.UNKNOWN
    refusal = standing(secret, key, application, owners)
    if refusal is None and now_us < max(secret.starts_us, key.starts_us):
        refusal = Verdict.NOT_YET_VALID
    elif refusal is None and now_us >= min(secret.ends_us, key.ends_us):
        refusal = Verdict.EXPIRED
    return refusal
