"""`keyhouse people` and `keyhouse mail`: on the machine itself, without a key."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.desk import AsJson, Assigned, Config, DataDir, desk
from keyhouse.doors.cli.entries import Installation, WrongUse
from keyhouse.doors.cli.paging import Everything

if TYPE_CHECKING:
    from keyhouse.core.entities import Person
    from keyhouse.services.people import PeopleDesk

people = typer.Typer(
    no_args_is_help=True,
    help="Who can log in. For whoever runs Keyhouse: works on the machine itself.",
)
Email = Annotated[str, typer.Argument(help="The mail address that they log in with.")]
_COLUMNS = ("id", "email", "name", "password", "disabled", "roles")


@people.command("list", epilog="Example: keyhouse people list --json")
def list_people(
    context: typer.Context,
    *,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """Everybody, and their roles by organization."""
    with _opened(context, config, data_dir, assigned) as found:
        rows = [{**_told(one.person), "roles": list(one.roles)} for one in found.people()]
    show.rows(rows, _COLUMNS, json=as_json)


@people.command("add", epilog="Example: keyhouse people add ada@example.com --name Ada")
def add(
    context: typer.Context,
    email: Email,
    *,
    name: Annotated[str, typer.Option(help="What to call them.")] = "",
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """Add somebody, and print the link with which they set a password."""
    with _opened(context, config, data_dir, assigned) as found:
        person = found.add_person(email, name)
        link = found.reset_link(email)
    _show_link(person.email, link, as_json=as_json)


@people.command("reset", epilog="Example: keyhouse people reset ada@example.com")
def reset(
    context: typer.Context,
    email: Email,
    *,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """Print a link with which they set a new password. It works once, for a day."""
    with _opened(context, config, data_dir, assigned) as found:
        link = found.reset_link(email)
    _show_link(email, link, as_json=as_json)


@people.command("disable", epilog="Example: keyhouse people disable ada@example.com")
def disable(
    context: typer.Context,
    email: Email,
    *,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """Log them out everywhere and let them in no more. Their keys work on."""
    with _opened(context, config, data_dir, assigned) as found:
        person = found.switch_person(email, disabled=True)
    show.item(_told(person), json=as_json)


@people.command("enable", epilog="Example: keyhouse people enable ada@example.com")
def enable(
    context: typer.Context,
    email: Email,
    *,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """Let them log in again."""
    with _opened(context, config, data_dir, assigned) as found:
        person = found.switch_person(email, disabled=False)
    show.item(_told(person), json=as_json)


def mail(
    context: typer.Context,
    *,
    to: Annotated[str, typer.Option(help="Only those to this address.")] = "",
    rows_max: Annotated[
        int, typer.Option("--limit", min=1, help="No more than these, the newest.")
    ] = 10,
    everything: Everything = False,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """Mails that landed in the data folder, because no server is set (mail.url)."""
    line = desk(context)
    line.add(config, data_dir, assigned)
    kept = [one for one in line.installation().mails() if to.lower() in one.to.lower()]
    shown = kept if everything else kept[-rows_max:]
    if as_json:
        show.as_json([one._asdict() for one in shown])
        return
    for one in shown:
        show.say(f"{one.at}\nTo: {one.to}\n{one.subject}\n\n{one.text}\n---")
    if not kept:
        show.say("(none)")


def password_link(here: Installation, email: str) -> str | None:
    """A link to set a password for one who has none; None where there is one."""
    with here.people_desk() as found:
        return None if found.has_password(email) else found.reset_link(email)


@contextmanager
def _opened(
    context: typer.Context, config: Config, data_dir: DataDir, assigned: Assigned
) -> Iterator["PeopleDesk"]:
    """The desk of the installation that is meant; what it refuses is told in words."""
    from keyhouse.services.refusals import Invalid, Refusal, Taken

    line = desk(context)
    line.add(config, data_dir, assigned)
    with line.installation().people_desk() as found:
        try:
            yield found
        except (Invalid, Taken) as refusal:
            problems = (
                refusal.problems if isinstance(refusal, Invalid) else [refusal.problem]
            )
            told = [f"{one.field}: {one.reason}. {one.mend}" for one in problems]
            raise WrongUse("\n".join(told)) from None
        except Refusal as refusal:
            raise WrongUse(f"{refusal}; `keyhouse people list` shows all") from None


def _told(person: "Person") -> dict[str, Any]:
    return {
        "id": person.id,
        "email": person.email,
        "name": person.name,
        "password": person.password_hash is not None,
        "disabled": person.disabled_at is not None,
    }


def _show_link(email: str, link: str, *, as_json: bool) -> None:
    if as_json:
        show.as_json({"email": email, "link": link})
        return
    show.say(f"{email} sets a password here; it works once, for a day:", err=True)
    show.say(link)
