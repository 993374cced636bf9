import itertools
from typing import Any

import pytest

from keyhouse.core import ids
from keyhouse.core.entities import KeyKind, Member, Person, Resource, Role
from keyhouse.core.records import GrantRecord
from keyhouse.core.roles import scopes_of
from keyhouse.services.actor import Actor
from keyhouse.services.issue import AccessWish, KeyWish, create_key
from keyhouse.services.tenants import bootstrap
from keyhouse.services.work import Office

_numbers = itertools.count(1)


class Team:
    """An organization whose members come as they are asked for."""

    def __init__(self, office: Office, email: str) -> None:
        self.office = office
        self.id = bootstrap(office, email, "Acme", "main", fresh_key=False).organization_id
        with office.rows.reading() as tx:
            (self.owner,) = tx.find(Person, email=email)

    def person(self, email: str | None = None) -> Person:
        """Somebody who is no member of anything."""
        now, number = self.office.clock.now_us(), next(_numbers)
        row = Person(
            id=ids.make_id(ids.PERSON, now, number.to_bytes(ids.ENTROPY_BYTES)),
            email=email or f"person{number}@example.com",
            name=f"Person {number}",
            created_at=now,
            updated_at=now,
        )
        with self.office.rows.writing() as tx:
            tx.insert(row)
        return row

    def member(self, role: Role) -> Person:
        person = self.person()
        row = Member(
            id=f"{self.id}/{person.id}",
            organization_id=self.id,
            person_id=person.id,
            role=role,
            created_at=1,
            updated_at=1,
        )
        with self.office.rows.writing() as tx:
            tx.insert(row)
        return person

    def actor(self, role: Role, id: str = "usr_somebody") -> Actor:
        """One who may do what the role may."""
        return self.holder(*scopes_of(role), id=id)

    def holder(self, *scopes: str, id: str = "key_somebody") -> Actor:
        """One who holds these scopes for the whole organization."""
        held = frozenset(scopes)
        grant = GrantRecord(Resource.ORGANIZATION, self.id, self.id, None, held)
        return Actor(id, self.id, (grant,), "192.0.2.1", "req_1")

    def key(self, *scopes: str, **bounds: Any) -> Actor:
        """A management key that is there, with these scopes for the whole organization."""
        access = (AccessWish(Resource.ORGANIZATION, self.id, scopes),)
        wish = KeyWish(name="K", kind=KeyKind.MANAGEMENT, access=access, **bounds)
        actor = self.actor(Role.OWNER)
        made = self.office.write(actor, lambda work: create_key(work, wish)).value
        return self.holder(*scopes, id=made.view.key.id)

    def role(self, person: Person) -> Role | None:
        with self.office.rows.reading() as tx:
            member = tx.get(Member, f"{self.id}/{person.id}")
        return None if member is None else member.role


@pytest.fixture
def team(office: Office) -> Team:
    return Team(office, "owner@example.com")
