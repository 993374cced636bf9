"""Hooks: git asks `kh scan` before a commit, or before a push."""

import os
from pathlib import Path
from typing import Final

from keyhouse_client.scanning.git import Git, GitFailed

LINES: Final = {
    "pre-commit": "kh scan --staged",
    "pre-push": 'kh scan --pre-push="$1"',
}
_GO_ON: Final = {"pre-commit": "git commit --no-verify", "pre-push": "git push --no-verify"}
_OF_HUSKY: Final = (".husky", "_")
_OURS: Final = "# Written by kh scan --install-hook"
_SCRIPT: Final = """\
#!/bin/sh
{ours} {name}: no key is to leave this machine in a commit.
if ! command -v kh >/dev/null 2>&1; then
  echo "kh is not found, so nobody has looked for keys." >&2
  echo "Install it (pip install keyhouse-client), or go on without: {go_on}" >&2
  exit 1
fi
exec {line}
"""


def install_hook(git: Git, name: str) -> str:
    """Have git run the hook from now on; what there is to tell of it.

    Raises ValueError, with the line to add, where a hook of somebody else's is there,
    or where Husky writes the hooks.
    """
    folder = git.folder / git.line("rev-parse", "--git-path", "hooks")
    text = _SCRIPT.format(ours=_OURS, name=name, line=LINES[name], go_on=_GO_ON[name])
    path = folder / name
    try:
        if folder.parts[-2:] == _OF_HUSKY:
            return _told_for_husky(folder.parent / name, name)
        found = _found(path)
        if found == text and os.access(path, os.X_OK):
            return f"{path} is there already, and is as it should be"
        if found is not None and _OURS not in found:
            raise ValueError(
                f"{path}: there is another hook, which is left as it is; "
                f"add this line to it: {_added(name)}{_reach(git)}"
            )
        _write(path, text)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    return f"{path} runs {LINES[name]} from now on{_reach(git)}"


def _told_for_husky(path: Path, name: str) -> str:
    """Husky writes anew what git runs, which runs what people write into `path`."""
    lines = (_found(path) or "").splitlines()
    if any(line.strip().startswith(LINES[name]) for line in lines):
        return f"{path} runs {LINES[name]} already"
    raise ValueError(
        f"{path}: Husky runs this file as the hook; add this line to it: {_added(name)}"
    )


def _added(name: str) -> str:
    return f"{LINES[name]} || exit 1"


def _reach(git: Git) -> str:
    """What is to be said where git takes the hooks of many repositories from one place."""
    try:
        told = git.line("config", "--show-scope", "--get", "core.hooksPath")
    except GitFailed:
        return ""
    scope = told.partition("\t")[0]
    if scope not in ("global", "system"):
        return ""
    return (
        f"; it runs in all repositories, as core.hooksPath of the {scope} settings has it"
    )


def _found(path: Path) -> str | None:
    """What stands there. A link is somebody else's, wherever it leads."""
    if path.is_symlink():
        return ""
    return path.read_text("utf-8", "replace") if path.exists() else None


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, "utf-8", newline="\n")
    draft.chmod(0o755)
    draft.replace(path)
