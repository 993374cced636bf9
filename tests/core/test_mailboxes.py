from keyhouse.core.mailboxes import mailbox


def test_one_address_is_one_however_it_is_typed() -> None:
    assert mailbox("  Ada@Example.ORG\n") == mailbox("ada@example.org") == "ada@example.org"
