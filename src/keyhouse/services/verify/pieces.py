"""The parts of the cache that a way is made of, named and put together."""

from collections.abc import Iterable
from typing import NamedTuple

from keyhouse.core.plan_records import PlanRecord, Subscribed, SubscriptionRecord
from keyhouse.core.records import (
    ApiRecord,
    ApplicationRecord,
    CustomerRecord,
    Found,
    KeyRecord,
    OrganizationRecord,
    Part,
    PartRef,
    ProjectRecord,
    SecretRecord,
)


class HeldKey(NamedTuple):
    """A key with what its state depends on."""

    key: KeyRecord
    secret: SecretRecord
    application: ApplicationRecord
    owners: tuple[OrganizationRecord | ProjectRecord, ...]


def refs_of_key(key: Part | None, found: Found) -> list[PartRef]:
    """What a key's way needs; before the key is there, the key alone."""
    ref = PartRef("key", found.key_id)
    if not isinstance(key, KeyRecord):
        return [ref]
    return [
        ref,
        PartRef("application", key.application_id),
        PartRef("project", key.project_id),
        PartRef("organization", key.organization_id),
    ]


def refs_of_api(api: ApiRecord) -> list[PartRef]:
    """What the API's own standing needs."""
    return [
        PartRef("api", api.id),
        PartRef("project", api.project_id),
        PartRef("organization", api.organization_id),
    ]


def pieces_of(found: Found, held: dict[PartRef, Part]) -> HeldKey | None:
    """The key that was found, put together; None where it is none any more."""
    key = held[PartRef("key", found.key_id)]
    secret = key.secret(found.secret_id) if isinstance(key, KeyRecord) else None
    if secret is None or not isinstance(key, KeyRecord):
        return None
    application = held[PartRef("application", key.application_id)]
    if not isinstance(application, ApplicationRecord):
        return None
    owners = owners_of(held, key.organization_id, key.project_id)
    return HeldKey(key, secret, application, tuple(owners))


def owners_of(
    held: dict[PartRef, Part], organization_id: str, project_id: str
) -> Iterable[OrganizationRecord | ProjectRecord]:
    """Whoever switches something off with themselves."""
    for ref in (PartRef("organization", organization_id), PartRef("project", project_id)):
        part = held[ref]
        if isinstance(part, (OrganizationRecord, ProjectRecord)):
            yield part


def customer_of(held: dict[PartRef, Part], refs: list[PartRef]) -> CustomerRecord | None:
    """The customer among these, if there is one."""
    found = [part for ref in refs if isinstance(part := held[ref], CustomerRecord)]
    return found[0] if found else None


def subscribed_of(held: dict[PartRef, Part], refs: list[PartRef]) -> Subscribed | None:
    """The subscription that opens the API, with its plan; None without one."""
    match [held[ref] for ref in refs]:
        case [SubscriptionRecord() as subscription, PlanRecord() as plan]:
            return Subscribed(subscription, plan)
    return None
