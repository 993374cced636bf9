"""`keyhouse members` and `keyhouse invitations`."""

from typing import Annotated

import typer

from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.nouns import Id, Noun, add_delete, done, group, update

_MEMBERS = Noun("members", "member", "members", ("id", "email", "name", "role"))
_INVITATIONS = Noun(
    "invitations",
    "invitation",
    "invitations",
    ("id", "email", "role", "state", "ends_at"),
)

Role = Annotated[str, typer.Option("--role", help="owner, admin, developer or viewer.")]

members = group(_MEMBERS, "Members: people who belong to the organization.")
invitations = group(_INVITATIONS, "Invitations: who was asked to join.")
add_delete(members, _MEMBERS, "The keys that the person made stay.")
add_delete(invitations, _INVITATIONS, "Its link works no more.")


@members.command(
    "invite", epilog="Example: keyhouse members invite ada@example.com --role developer"
)
def invite(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help="Where the link is mailed to.")],
    *,
    role: Role = "developer",
    as_json: AsJson = False,
) -> None:
    """Mail somebody a link that makes them a member."""
    with desk(context).client() as client:
        made = client.invitations.create(email, role)
    words = f"{made['email']} is invited as {made['role']} until {made['ends_at']}"
    done(made, words, json=as_json)


@members.command("update", epilog="Example: keyhouse members update ID --role viewer")
def update_member(
    context: typer.Context, id: Id, *, role: Role, as_json: AsJson = False
) -> None:
    """Give a member another role."""
    update(context, _MEMBERS, id, {"role": role}, json=as_json)
