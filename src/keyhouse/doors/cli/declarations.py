"""`keyhouse export` and `keyhouse apply`: things as a file says."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from keyhouse.doors.cli import asking, show
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.entries import WrongUse
from keyhouse.doors.cli.failures import REFUSED
from keyhouse.doors.cli.once import Force, Out, Shown, lost, place

if TYPE_CHECKING:
    from keyhouse_client import Client

_MARKS: Final = {"create": "+", "change": "~", "disable": "!", "remove": "-"}
_BYTES_MAX: Final = 1 << 20
_WITH_SECRETS: Final = ("key", "webhook")
_MEND: Final = (
    "Find the ids and give each another: keyhouse keys list, keyhouse keys rotate ID; "
    "keyhouse webhooks list, keyhouse webhooks rotate-secret ID."
)
SECONDS: Final = 300.0
"""A long plan is tried and done before it is answered."""


def export(
    context: typer.Context,
    *,
    project: Annotated[
        str | None, typer.Option(help="One project, by id or name; else all.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="projects, apis, plans, customers, applications, subscriptions, keys "
            "or webhooks. Repeatable."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A file, instead of here.")] = None,
    as_json: AsJson = False,
) -> None:
    """What there is, as YAML to keep in version control; no secret is in it."""
    with desk(context).client() as client:
        pieces = (
            iter([_as_json(client, project, only or [])])
            if as_json
            else client.export_yaml(project=project, only=only or [])
        )
        if out is None:
            for piece in pieces:
                sys.stdout.write(piece)
            sys.stdout.flush()
        else:
            _write(out, pieces)
            if as_json:
                show.as_json({"file": str(out)})


def _as_json(client: "Client", project: str | None, only: list[str]) -> str:
    import json

    found = client.declaration.export(project=project, only=only)
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _write(out: Path, pieces: Iterator[str]) -> None:
    """The file is the old one until the last piece is here."""
    draft = out.with_name(out.name + ".new")
    try:
        with draft.open("w", encoding="utf-8") as file:
            for piece in pieces:
                file.write(piece)
        draft.replace(out)
    except OSError as error:
        raise WrongUse(f"{out} can't be written: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)


def apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="What `export` wrote, or you; - reads it.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan, and do nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Take away what the file's sections leave out."),
    ] = False,
    out: Out = None,
    force: Force = False,
    shown: Shown = False,
    as_json: AsJson = False,
) -> None:
    """Have things be as a file says: the plan is shown, and then done as shown."""
    document = _read(file)
    if not (dry_run or yes):
        # The file's text is no answer.
        asking.demand_somebody(as_json=as_json or file == Path("-"))
    with desk(context).client(SECONDS) as client:
        plan = client.declaration.apply(document, dry_run=True, prune=prune)
        if dry_run or not plan["steps"]:
            _tell(plan, json=as_json)
            return
        if not as_json:
            _tell(plan, json=False)
        if not yes:
            asking.ask("Do it?")
        none = not _bringing(plan["steps"])
        with place(out, force=force, shown=shown or none, json=as_json) as kept:
            done = client.declaration.apply(document, prune=prune, plan=plan["plan"])
            if kept is not None and done["secrets"]:
                kept.fill("\n".join(map(_line, done["secrets"])))
    _tell_done(done, out, json=as_json)


def _bringing(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """What of the plan is made with a secret: each one's kind and name."""
    return [
        f"{step['kind']} {step['name']}"
        for step in steps
        if step["kind"] in _WITH_SECRETS and step["action"] == "create"
    ]


def _read(file: Path) -> dict[str, Any]:
    """The document of a file. Raises WrongUse where it holds none."""
    from keyhouse.services.declare import Unreadable, read_yaml

    try:
        with sys.stdin.buffer if file == Path("-") else file.open("rb") as opened:
            text = opened.read(_BYTES_MAX + 1).decode("utf-8")
        found = read_yaml(text)
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{file} can't be read: {error}") from None
    except Unreadable as error:
        raise WrongUse(f"{file} can't be applied: {error}.") from None
    if not isinstance(found, dict):
        raise WrongUse(f"{file} can't be applied: it begins with `keyhouse: 1`.")
    return found


def _tell(plan: Mapping[str, Any], *, json: bool) -> None:
    if json:
        show.as_json(plan)
        return
    for step in plan["steps"]:
        place = f"  ({step['place']})" if step["place"] else ""
        show.say(f"{_MARKS[step['action']]} {step['kind']} {step['name']}{place}")
        for one in step["fields"]:
            before = "" if step["action"] == "create" else f"{_value(one['before'])} → "
            show.say(f"    {one['field']}: {before}{_value(one['after'])}")
    if not plan["steps"]:
        show.say("Nothing to do: all is as the file says.")
    for missing in plan["values_missing"]:
        show.say(
            f"* the header {missing['header']} of {missing['api']} has no value here: "
            f"keyhouse apis headers set {missing['api']} {missing['header']} < value.txt"
        )
    if plan["steps"]:
        show.say(
            f"{plan['created']} to create, {plan['changed']} to change, "
            f"{plan['disabled']} to disable, {plan['removed']} to remove, "
            f"{plan['unchanged']} as they are."
        )


def _tell_done(done: Mapping[str, Any], out: Path | None, *, json: bool) -> None:
    if json:
        kept = out is not None and done["secrets"]
        shown = {**done, "secret_file": str(out), "secrets": []} if kept else done
        show.as_json(shown)
    else:
        show.say(f"{done['steps_done']} of {len(done['steps'])} steps done.")
        _tell_secrets(done, out)
    if not done["complete"]:
        _tell_rest(done)
    brought = _bringing(done["steps"][: done["steps_done"]])
    if done["secrets_already_shown"] and brought:
        raise lost(f"Each of {', '.join(brought)}", _MEND)
    if not done["complete"]:
        raise typer.Exit(REFUSED)


def _tell_rest(done: Mapping[str, Any]) -> None:
    show.say("The rest was not done; mend it and apply the file again:", err=True)
    for one in done["errors"]:
        show.say(f"  {one['field']}: {one['reason']}; {one['mend']}", err=True)


def _tell_secrets(done: Mapping[str, Any], out: Path | None) -> None:
    secrets = done["secrets"] or []
    if secrets and out is not None:
        show.say(f"{len(secrets)} new secrets are in {out}.")
    elif secrets:
        show.say("New secrets, shown this one time:", err=True)
        for one in secrets:
            show.say(_line(one))


def _line(one: Mapping[str, Any]) -> str:
    return f"{one['id']} {one['secret']} {one['name']}"


def _value(value: object) -> str:
    """A value as one line: what is long is best read in the file."""
    import json

    return json.dumps(value, ensure_ascii=False)
