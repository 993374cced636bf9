"""`kh env`: env files that refer to secrets, and hold none."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keyhouse_client.command.asked import demand_yes
from keyhouse_client.command.shown import finish, show_object
from keyhouse_client.keeping.env_file import USUAL_FILE, EnvFile, usual_files
from keyhouse_client.keeping.findings import findings
from keyhouse_client.keeping.hiding import Move, hide, moves
from keyhouse_client.keeping.ignored import Standing, standing
from keyhouse_client.keeping.names import demand_name, is_variable
from keyhouse_client.keeping.references import reference, referred
from keyhouse_client.keeping.refusals import Refused
from keyhouse_client.keeping.store import Store


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add `kh env`."""
    env = commands.add_parser("env", help="keep secrets out of env files")
    what = env.add_subparsers(required=True, metavar="what")
    hiding = what.add_parser("hide", help="move a file's secrets into the store")
    hiding.add_argument("file", nargs="?", type=Path, default=USUAL_FILE)
    hiding.add_argument(
        "--name", action="append", default=[], metavar="VAR", help="move this one too"
    )
    hiding.add_argument(
        "--as",
        action="append",
        default=[],
        dest="called",
        metavar="VAR=NAME",
        help="store it under this name",
    )
    hiding.add_argument("--yes", action="store_true", help="do not ask")
    finish(hiding, _hide)
    check = what.add_parser(
        "check", help="what is wrong with env files; exit 1 if anything"
    )
    check.add_argument("file", nargs="*", type=Path)
    finish(check, _check)
    setting = what.add_parser("set", help="have a variable refer to a stored secret")
    setting.add_argument("variable", metavar="VAR")
    setting.add_argument("name", metavar="NAME")
    setting.add_argument("--file", type=Path, default=USUAL_FILE)
    setting.add_argument(
        "--force", action="store_true", help="let it replace a plain value"
    )
    finish(setting, _set)


def _hide(options: argparse.Namespace) -> None:
    file = EnvFile.read(options.file)
    moved = moves(file, options.name, _called(options.called))
    if moved:
        listed = ", ".join(f"{move.variable} as {move.name}" for move in moved)
        demand_yes(f"{file.path}: store {listed}?", said=options.yes)
        hide(file, moved, Store.of_user())
    _tell_hidden(file.path, moved, options)


def _called(given: Sequence[str]) -> dict[str, str]:
    called = {}
    for text in given:
        variable, equals, name = text.partition("=")
        if not equals:
            raise ValueError("--as takes VAR=NAME")
        called[variable] = demand_name(name)
    return called


def _tell_hidden(path: Path, moved: Sequence[Move], options: argparse.Namespace) -> None:
    told = [{"variable": move.variable, "name": move.name} for move in moved]
    if options.json:
        show_object({"file": str(path), "moved": told})
    elif not moved:
        print(f"{path}: holds no secret of a Keyhouse; --name VAR moves another's")
    else:
        for move in moved:
            print(f"{move.variable}={reference(move.name)}")
    if moved:
        _tell_of_history(path)


def _tell_of_history(path: Path) -> None:
    try:
        told = f"{path}: what was committed stays in git's history: rotate these keys"
        if standing(path) is Standing.TRACKED:
            print(told, file=sys.stderr)
    except Refused as error:
        # The secrets are moved, whatever git can't tell.
        print(error, file=sys.stderr)


def _check(options: argparse.Namespace) -> int:
    files: Sequence[Path] = options.file or usual_files()
    store = Store.of_user()
    found = [one for path in files for one in findings(path, store)]
    if options.json:
        rows = [one._asdict() for one in found]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        for one in found:
            print(one)
    if not files:
        print(f"there is no {USUAL_FILE} here", file=sys.stderr)
    return 1 if found else 0


def _set(options: argparse.Namespace) -> None:
    name, variable, path = demand_name(options.name), options.variable, options.file
    if not is_variable(variable):
        raise ValueError("a variable is letters, digits and underscores: VAR NAME")
    file = EnvFile.read(path) if path.exists() else EnvFile(path, ())
    if not options.force:
        _demand_no_value(file, variable)
    file.with_line(variable, reference(name)).write()
    if Store.of_user().find(name) is None:
        print(f"{name} is not stored yet: kh store set {name}", file=sys.stderr)
    if options.json:
        return show_object({"file": str(path), "variable": variable, "name": name})
    print(f"{path}: {variable}={reference(name)}")
    return None


def _demand_no_value(file: EnvFile, variable: str) -> None:
    """Raises Refused where the file has one: it may stand nowhere else."""
    for entry in file.entries:
        plain = entry.value and referred(entry.value) is None
        if entry.variable == variable and plain:
            raise Refused(
                f"{file.path}: {variable} has a value, which may stand nowhere else: "
                f"kh env hide {file.path} --name {variable} stores it; or --force"
            )
