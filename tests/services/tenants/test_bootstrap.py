"""The first organization of an installation."""

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.entities import AuditRow, Member, Organization, Role, SecretRow
from keyhouse.core.secret import digest
from keyhouse.services.refusals import Invalid
from keyhouse.services.tenants import bootstrap
from keyhouse.services.work import Office
from tests.servers.control import PEPPER

EMAIL = "owner@example.com"


def test_all_is_made_at_once_and_the_key_opens(office: Office, database: Database) -> None:
    made = bootstrap(office, EMAIL, "Acme", "default", fresh_key=True)
    assert made.created
    assert made.management_secret is not None
    with database.rows.reading() as tx:
        (member,) = tx.find(Member, organization_id=made.organization_id)
        (secret,) = tx.find(SecretRow, key_id=made.management_key_id)
        actions = {row.action for row in tx.find(AuditRow)}
    assert member.role is Role.OWNER
    assert secret.digest == digest(made.management_secret.reveal().encode(), PEPPER.key)
    assert {"organization.create", "project.create", "key.create"} <= actions


def test_second_start_finds_what_the_first_made(office: Office, database: Database) -> None:
    """`make run` twice must not give two organizations."""
    first = bootstrap(office, EMAIL, "Acme", "default", fresh_key=True)
    again = bootstrap(office, EMAIL, "Acme", "default", fresh_key=False)
    fresh = bootstrap(office, EMAIL, "Acme", "default", fresh_key=True)
    assert not again.created
    assert again.management_secret is None
    assert fresh.management_secret is not None
    assert fresh.management_key_id != first.management_key_id
    assert {made.organization_id for made in (first, again, fresh)} == {
        first.organization_id
    }
    assert {made.project_id for made in (first, again, fresh)} == {first.project_id}
    with database.rows.reading() as tx:
        assert len(tx.find(Organization)) == 1


def test_wrong_mail_address_leaves_nothing_behind(
    office: Office, database: Database
) -> None:
    with pytest.raises(Invalid) as refused:
        bootstrap(office, "nobody", "", "default", fresh_key=True)
    assert {problem.field for problem in refused.value.problems} == {
        "email",
        "organization",
    }
    with database.rows.reading() as tx:
        assert tx.find(Organization) == []
