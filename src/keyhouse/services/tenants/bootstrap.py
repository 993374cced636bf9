"""The first organization of an installation, made on the machine itself."""

from typing import NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import (
    Application,
    KeyKind,
    Member,
    Person,
    Project,
    Resource,
    Role,
)
from keyhouse.core.mailboxes import mailbox
from keyhouse.core.scopes import EVERYTHING
from keyhouse.core.secret import Secret
from keyhouse.core.validation import check_email, check_name
from keyhouse.services.actor import OPERATOR, all_powerful
from keyhouse.services.catalog import create_application
from keyhouse.services.issue.minting import NewKey, Opening, issue_key
from keyhouse.services.refusals import refuse
from keyhouse.services.tenants.commands import create_project
from keyhouse.services.tenants.founding import found_organization
from keyhouse.services.work import Office, Work

_APPLICATION = "management"
_KEY = "operator's management key"


class Bootstrapped(NamedTuple):
    """What there is now. `created` is False where there was all of it before;

    `management_secret` is None where no new management key was made.
    """

    created: bool
    organization_id: str
    project_id: str
    management_key_id: str | None
    management_secret: Secret | None


def bootstrap(
    office: Office, email: str, organization: str, project: str, *, fresh_key: bool
) -> Bootstrapped:
    """Owner, organization, project and management key, in one transaction.

    Where the owner with that mail address has an organization, that one is
    found, and a management key is made only where `fresh_key` asks for it.
    Raises Invalid for a mail address or name that cannot be kept.
    """
    email = mailbox(email)
    refuse(
        [
            *check_email("email", email),
            *check_name("organization", organization),
            *check_name("project", project),
        ]
    )
    tenant = _owned(office, email)
    made = tenant is None
    now, entropy = office.clock.now_us(), office.entropy.take(ids.ENTROPY_BYTES)
    tenant = tenant or ids.make_id(ids.ORGANIZATION, now, entropy)

    def run(work: Work) -> Bootstrapped:
        if made:
            found_organization(work, organization, _person(work, email))
        home = _project(work, project)
        if not made and not fresh_key:
            return Bootstrapped(False, tenant, home.id, None, None)
        issued = issue_key(work, _management_key(work, home))
        return Bootstrapped(made, tenant, home.id, issued.key.id, issued.secret)

    return office.write(all_powerful(OPERATOR, tenant), run).value


def _owned(office: Office, email: str) -> str | None:
    """The oldest organization that the person with that address owns."""
    with office.rows.reading() as tx:
        for person in tx.find(Person, email=email):
            owned = tx.find(Member, person_id=person.id, role=Role.OWNER)
            if owned:
                return owned[0].organization_id
    return None


def _person(work: Work, email: str) -> Person:
    known = work.tx.find(Person, email=email)
    return known[0] if known else _add_person(work, email)


def _add_person(work: Work, email: str) -> Person:
    row = Person(
        id=work.new_id(ids.PERSON),
        email=email,
        name=email.partition("@")[0],
        created_at=work.now_us,
        updated_at=work.now_us,
    )
    return work.add("person.create", row)


def _project(work: Work, name: str) -> Project:
    organization = work.actor.organization_id
    known = work.tx.find(Project, organization_id=organization)
    named = [project for project in known if project.name == name] or known
    return named[0] if named else create_project(work, name=name)


def _management_key(work: Work, project: Project) -> NewKey:
    organization = work.actor.organization_id
    known = work.tx.find(Application, project_id=project.id, name=_APPLICATION)
    application = (
        known[0]
        if known
        else create_application(work, name=_APPLICATION, project=project.id)
    )
    return NewKey(
        name=_KEY,
        kind=KeyKind.MANAGEMENT,
        environment=None,
        application=application,
        access=(Opening(Resource.ORGANIZATION, organization, (EVERYTHING,)),),
    )
