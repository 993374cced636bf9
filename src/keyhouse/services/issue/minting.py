"""Making a key: its row, its access and its first secret."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from keyhouse.core import ids
from keyhouse.core import secret as secrets
from keyhouse.core.entities import (
    Access,
    Application,
    Environment,
    Key,
    KeyKind,
    Limit,
    Replaced,
    Resource,
    Restrictions,
    RotationSchedule,
    SecretRow,
)
from keyhouse.core.secret import Secret
from keyhouse.services.work import Work, plain, told

ANYWHERE: Final = Restrictions()


class Opening(NamedTuple):
    """One thing that a key opens: its kind, its id, the scopes and roles for it.

    `provider_id` is None where it is of the key's own organization; else the
    key opens it by a subscription of its application.
    """

    resource: Resource
    id: str
    scopes: tuple[str, ...]
    roles: tuple[str, ...] = ()
    provider_id: str | None = None
    subscription_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that has been checked and is to be made."""

    name: str
    kind: KeyKind
    environment: Environment | None
    application: Application
    access: tuple[Opening, ...]
    restrictions: Restrictions = ANYWHERE
    limits: tuple[Limit, ...] = ()
    starts_at: int | None = None
    ends_at: int | None = None
    metadata: dict[str, Any] | None = None
    rotation: RotationSchedule | None = None
    owner_id: str = ""
    purpose: str = ""
    tags: tuple[str, ...] = ()


class Issued(NamedTuple):
    """A new key, and its secret: nowhere else, and never again."""

    key: Key
    secret: Secret


def issue_key(work: Work, new: NewKey) -> Issued:
    """Insert a key with its access and mint its first secret."""
    key = Key(
        id=work.new_id(ids.KEY),
        organization_id=new.application.organization_id,
        project_id=new.application.project_id,
        application_id=new.application.id,
        name=new.name,
        kind=new.kind,
        environment=new.environment,
        restrictions=new.restrictions,
        limits=new.limits,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        metadata=new.metadata or {},
        rotation=new.rotation,
        created_by=work.actor.id,
        created_at=work.now_us,
        updated_at=work.now_us,
        owner_id=new.owner_id,
        purpose=new.purpose,
        tags=new.tags,
    )
    work.tx.insert(key)
    rows = [_access_row(work, key, opening) for opening in new.access]
    for row in rows:
        work.tx.insert(row)
    work.note("key.create", key.id, after={**told(key), "access": told_access(rows)})
    return Issued(key, mint_secret(work, key, 1))


def mint_secret(
    work: Work, key: Key, version: int, replaces: tuple[Replaced, ...] = ()
) -> Secret:
    """Make a key's secret of that version; the string is kept nowhere.

    `replaces` are the secrets whose place it takes, as they were before.
    """
    entropy = work.entropy.take(secrets.ENTROPY_BYTES)
    secret = secrets.mint(work.secret_prefix, key.kind, key.environment, entropy)
    pepper = work.keyring.active
    row = SecretRow(
        id=work.new_id(ids.SECRET),
        key_id=key.id,
        version=version,
        namespace="",
        algorithm=secrets.ALGORITHM,
        pepper_id=pepper.id,
        digest=secrets.digest(secret.reveal().encode("ascii"), pepper.key),
        hint=secret.hint,
        starts_at=work.now_us,
        created_by=work.actor.id,
        created_at=work.now_us,
        replaces=replaces,
    )
    work.add("secret.create", row)
    return secret


def replace_access(
    work: Work, key: Key, held: list[Access], wanted: tuple[Opening, ...]
) -> None:
    """Make a key open exactly what is wanted, and note it where that is news."""
    new = {row.id: row for row in (_access_row(work, key, one) for one in wanted)}
    old = {row.id: row for row in held}
    for id, row in old.items():
        if id not in new:
            work.tx.remove(row)
        elif _held(row) != _held(new[id]):
            work.tx.update(
                row,
                scopes=new[id].scopes,
                roles=new[id].roles,
                subscription_id=new[id].subscription_id,
            )
    for id, row in new.items():
        if id not in old:
            work.tx.insert(row)
    before, after = told_access(held), told_access(list(new.values()))
    if before != after:
        work.note("key.access", key.id, {"access": before}, {"access": after})


def _held(row: Access) -> tuple[object, ...]:
    return row.scopes, row.roles, row.subscription_id


def told_access(rows: list[Access]) -> list[object]:
    """What an audit row tells of access, in the order of ids."""
    return [
        {
            row.resource.value: row.resource_id,
            "scopes": plain(row.scopes),
            **({"roles": plain(row.roles)} if row.roles else {}),
        }
        for row in sorted(rows, key=lambda row: row.id)
    ]


def _access_row(work: Work, key: Key, opening: Opening) -> Access:
    return Access(
        id=f"{key.id}/{opening.id}",
        key_id=key.id,
        resource=opening.resource,
        resource_id=opening.id,
        provider_id=opening.provider_id or key.organization_id,
        subscription_id=opening.subscription_id,
        scopes=opening.scopes,
        roles=opening.roles,
        created_at=work.now_us,
    )
