"""A new organization, with its first owner."""

from keyhouse.core.entities import Member, Organization, Person, Role
from keyhouse.core.validation import check_name
from keyhouse.services.refusals import refuse
from keyhouse.services.work import Work


def found_organization(work: Work, name: str, owner: Person) -> Organization:
    """The actor's organization, which does not exist yet, and its owner."""
    refuse(check_name("name", name))
    now = work.now_us
    row = Organization(
        id=work.actor.organization_id, name=name, created_at=now, updated_at=now
    )
    member = Member(
        id=f"{row.id}/{owner.id}",
        organization_id=row.id,
        person_id=owner.id,
        role=Role.OWNER,
        created_at=now,
        updated_at=now,
    )
    work.add("organization.create", row)
    work.add("member.create", member)
    return row
