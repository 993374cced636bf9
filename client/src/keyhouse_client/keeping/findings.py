"""What is wrong with an env file."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from keyhouse_client.keeping.env_file import Entry, EnvFile
from keyhouse_client.keeping.files import others_may_read
from keyhouse_client.keeping.ignored import Standing, standing
from keyhouse_client.keeping.names import holds_keyhouse_secret, is_name
from keyhouse_client.keeping.references import mend, referred
from keyhouse_client.keeping.store import Store


class Finding(NamedTuple):
    """One thing that is wrong, and its mend. It never shows a value."""

    file: str
    line: int | None
    variable: str | None
    code: str
    text: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.text}"


def findings(path: Path, store: Store) -> Iterator[Finding]:
    """All that is wrong with the env file. Raises ValueError where it is none."""
    file = EnvFile.read(path)
    for code, text in () if _refers_alone(file) else _of_file(path):
        yield Finding(str(path), None, None, code, text)
    for entry in file.entries:
        for code, text in _of_entry(entry, path, store):
            yield Finding(str(path), entry.line, entry.variable, code, text)


def _refers_alone(file: EnvFile) -> bool:
    """Whether it holds references and nothing else: then anybody may read it."""
    values = [one.value for one in file.entries if one.variable is not None]
    secrets = any(holds_keyhouse_secret(one.text) for one in file.entries)
    return bool(values) and not secrets and all(map(referred, values))


def _of_file(path: Path) -> Iterator[tuple[str, str]]:
    seen = standing(path)
    if seen is Standing.TRACKED:
        yield "tracked", f"git tracks it: git rm --cached {path}, and ignore it"
    elif seen is Standing.EXPOSED:
        yield "not_ignored", f"git does not ignore it: put {path.name} into .gitignore"
    if others_may_read(path):
        yield "open_to_others", f"others may read it: chmod 600 {path}"


def _of_entry(entry: Entry, path: Path, store: Store) -> Iterator[tuple[str, str]]:
    name = referred(entry.value)
    if entry.variable is None:
        if holds_keyhouse_secret(entry.text):
            yield (
                "plain_secret",
                "a comment holds a secret: take it out, and rotate its key",
            )
    elif holds_keyhouse_secret(entry.value):
        yield "plain_secret", f"{entry.variable} holds a secret: kh env hide {path}"
    elif name is not None and not is_name(name):
        yield "no_name", f"{entry.variable}: {mend(name)}"
    elif name is not None and store.find(name) is None:
        yield "not_stored", f"{entry.variable}: {mend(name)}"
