"""`kh scan`: keys that leaked, or are about to."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from keyhouse_client.command.connecting import opened
from keyhouse_client.command.shown import finish, show_object
from keyhouse_client.errors import KeyhouseError
from keyhouse_client.scanning import revisions
from keyhouse_client.scanning.allowed import FILE_NAME, Allowed, read_allowed
from keyhouse_client.scanning.files import STANDARD_INPUT, is_folder, scan_paths
from keyhouse_client.scanning.git import Git, work_tree_of
from keyhouse_client.scanning.history import scan_history
from keyhouse_client.scanning.holders import Holders, revocable, revoke
from keyhouse_client.scanning.hooks import LINES, install_hook
from keyhouse_client.scanning.progress import Progress
from keyhouse_client.scanning.sarif import as_sarif
from keyhouse_client.scanning.scan import Scan, on_a_line
from keyhouse_client.scanning.staged import scan_staged
from keyhouse_client.scanning.text import as_json, as_line, summary

if TYPE_CHECKING:
    from keyhouse_client.client import Client

FOUND: Final = 1
UNREAD: Final = 2


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add `kh scan`."""
    parser = commands.add_parser(
        "scan",
        help="find leaked keys in files and in git",
        epilog="Exit codes: 0 no key, 1 keys found, 2 wrong use, or something could not "
        "be read, 3 Keyhouse is not reachable.",
    )
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="files and folders; - is standard input"
    )
    _add_modes(parser)
    parser.add_argument("--publishable", action="store_true", help="find these keys too")
    parser.add_argument(
        "--allow", type=Path, metavar="FILE", help=f"instead of {FILE_NAME} at the top"
    )
    parser.add_argument("--sarif", metavar="FILE", help="write SARIF 2.1.0; - prints it")
    parser.add_argument("--look-up", action="store_true", help="ask whose the keys are")
    parser.add_argument("--revoke", action="store_true", help="have the keys refused")
    parser.add_argument("--yes", action="store_true", help="revoke without asking")
    finish(parser, _scan)


def _add_modes(parser: argparse.ArgumentParser) -> None:
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--all", action="store_true", help="also what git ignores")
    modes.add_argument("--staged", action="store_true", help="what a commit would bring")
    modes.add_argument(
        "--history", action="store_true", help="all that branches, tags and stashes lead to"
    )
    modes.add_argument("--since", metavar="REV", help="what HEAD has and REV has not")
    modes.add_argument(
        "--pre-push",
        nargs="?",
        const="",
        metavar="REMOTE",
        help="what a push would bring, as git tells its hook on standard input",
    )
    modes.add_argument("--install-hook", choices=tuple(LINES), help="have git ask")


def _scan(options: argparse.Namespace) -> int:
    _demand_sense(options)
    if options.install_hook:
        print(install_hook(Git(Path()), options.install_hook))
        return 0
    with _client(options) as client:
        scan = Scan(_allowed(options), publishable=options.publishable)
        _look(scan, options)
        holders = Holders()
        failure = _ask(client, scan, holders) if client and options.look_up else None
        _tell(scan, holders, options)
        if failure:
            raise failure
        if client and options.revoke:
            _revoke(client, scan, options)
    if scan.unread:
        return UNREAD
    return FOUND if scan.findings else 0


def _demand_sense(options: argparse.Namespace) -> None:
    if (_is_in_git(options) or options.install_hook) and options.paths:
        raise ValueError("paths are for files: git is asked for all that it has")
    if options.json and options.sarif == STANDARD_INPUT:
        raise ValueError("--json and --sarif - both print: write --sarif FILE")
    if options.revoke and not options.yes:
        used = options.pre_push is not None or STANDARD_INPUT in options.paths
        if used or not sys.stdin.isatty():
            raise ValueError("--revoke asks first, and here is no terminal: add --yes")


def _is_in_git(options: argparse.Namespace) -> bool:
    """Whether git's own paths are told, which begin at the top of the work tree."""
    asked = options.staged or options.history or options.since is not None
    return asked or options.pre_push is not None


@contextmanager
def _client(options: argparse.Namespace) -> Iterator["Client | None"]:
    if not (options.look_up or options.revoke):
        yield None
        return
    with opened() as client:
        yield client


def _allowed(options: argparse.Namespace) -> Allowed:
    if options.allow:
        return read_allowed(options.allow)
    first = Path(next((name for name in options.paths if name != STANDARD_INPUT), "."))
    folder = first if is_folder(first) else first.parent
    top = work_tree_of(folder) if is_folder(folder) else None
    path = top / FILE_NAME if top else None
    if path is None or not os.path.lexists(path):
        return Allowed()
    return read_allowed(path, follow=False)


def _look(scan: Scan, options: argparse.Namespace) -> None:
    if options.staged:
        scan_staged(scan, _git())
    elif options.history:
        git = _git()
        _look_at_history(scan, git, revisions.everything(git))
    elif options.since is not None:
        git = _git()
        _look_at_history(scan, git, revisions.since(git, options.since))
    elif options.pre_push is not None:
        git = _git()
        pushed = revisions.pushed(git, sys.stdin.buffer, options.pre_push)
        if pushed:
            _look_at_history(scan, git, pushed)
    else:
        scan_paths(scan, options.paths or ["."], whole=options.all)


def _git() -> Git:
    git = Git(Path())
    git.ask("rev-parse", "--git-dir")
    return git


def _look_at_history(scan: Scan, git: Git, wanted: revisions.Revisions) -> None:
    progress = Progress()
    try:
        scan_history(scan, git, wanted, progress.tell)
    finally:
        progress.end()


def _ask(client: "Client", scan: Scan, holders: Holders) -> KeyhouseError | None:
    """What went wrong comes after what was found: a leak is told in any case."""
    try:
        holders.ask(client, scan.secrets)
    except KeyhouseError as error:
        return error
    return None


def _tell(scan: Scan, holders: Holders, options: argparse.Namespace) -> None:
    if options.sarif:
        base = work_tree_of(Path()) if _is_in_git(options) else Path.cwd()
        _write_sarif(as_sarif(scan, base), options.sarif)
    if options.json:
        show_object(as_json(scan, holders))
    elif options.sarif != STANDARD_INPUT:
        for finding in scan.findings:
            print(as_line(finding, holders))
    for path, reason in scan.unread:
        _say(f"not looked at: {on_a_line(path)}: {on_a_line(reason)}")
    if options.history:
        for entry in scan.allowed.idle():
            _say(f"{on_a_line(entry)} is allowed, and stands nowhere in the history")
    for line in summary(scan):
        _say(line)


def _write_sarif(log: dict[str, Any], where: str) -> None:
    if where == STANDARD_INPUT:
        return show_object(log)
    try:
        text = json.dumps(log, indent=2, ensure_ascii=False)
        Path(where).write_text(f"{text}\n", "utf-8")
    except OSError as error:
        raise ValueError(f"--sarif {where}: {error.strerror}") from None
    return None


def _revoke(client: "Client", scan: Scan, options: argparse.Namespace) -> None:
    secrets = revocable(scan.secrets)
    left = len(scan.secrets) - len(secrets)
    if left:
        _say(f"publishable keys are not revoked by their secret, as it is public: {left}")
    if not secrets or not (options.yes or _agreed(client, len(secrets))):
        return _say("nothing was revoked")
    for secret in secrets:
        revoke(client, secret)
        _say(f"{secret.hint} is refused from now on, if {_address(client)} knows it")
    return None


def _agreed(client: "Client", number: int) -> bool:
    question = f"kh: have {_address(client)} refuse these secrets ({number})? [y/N] "
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _address(client: "Client") -> str:
    """Where Keyhouse is, without a password."""
    return client.url.rpartition("@")[2]


def _say(line: str) -> None:
    print(f"kh: {line}", file=sys.stderr)
