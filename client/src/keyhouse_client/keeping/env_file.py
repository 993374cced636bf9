"""The lines of an env file, changed one value at a time.

python-dotenv tells what a line means. Nothing is interpolated: a `$` in a secret is
a `$`, and no line reads another variable.
"""

import io
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Self

from keyhouse_client.keeping.files import PRIVATE, read_bounded, write_whole
from keyhouse_client.keeping.names import is_variable
from keyhouse_client.keeping.refusals import Refused

USUAL_FILE: Final = Path(".env")
BYTES_MAX: Final = 1 << 20
_BOM: Final = "\ufeff"
_HEAD: Final = re.compile(
    r"\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=#\s]+)[^\S\r\n]*=[^\S\r\n]*"
)
_QUOTED: Final = re.compile(r"""(['"])((?:\\.|(?!\1)[^\\])*)\1""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands between two variables of the file: text, and what it sets.

    A comment or an empty line sets nothing: its `variable` is None.
    """

    text: str
    line: int
    variable: str | None
    value: str

    def with_value(self, value: str) -> "Entry":
        """The same text, its quotes and its comment too, with another value.

        `value` holds nothing that quotes or spaces would change, as references do.
        """
        head = _HEAD.match(self.text)
        if head is None:
            raise ValueError(f"line {self.line} can't be changed; change it by hand")
        start = end = head.end()
        if quoted := _QUOTED.match(self.text, start):
            start, end = quoted.span(2)
        else:
            end += len(self.value)
        # After an empty value a comment may follow at once; after another it may not.
        rest = self.text[end:]
        gap = " " if rest.startswith("#") else ""
        return replace(self, text=self.text[:start] + value + gap + rest, value=value)


@dataclass(frozen=True, slots=True)
class EnvFile:
    """An env file as it was read; `entries` put together are its text."""

    path: Path
    entries: tuple[Entry, ...]
    marked: bool = False
    data: bytes | None = field(default=None, repr=False)
    """All that was read; None where there was no file."""

    @classmethod
    def read(cls, path: Path, *, plain: bool = True) -> Self:
        """Raises ValueError, with the line, for what is no env file, or can't be read.

        The text of a wrong line is not shown: it may be a secret. Only a regular file
        is read, unless it is not to be `plain`, and of none more than BYTES_MAX.
        """
        try:
            data = read_bounded(path, BYTES_MAX, plain=plain)
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise ValueError(f"{path}: is no text in UTF-8") from None
        except OSError as error:
            raise ValueError(f"{path}: {error.strerror}") from None
        bare = text.removeprefix(_BOM)
        return cls(path, _entries(bare, path), marked=bare != text, data=data)

    @property
    def values(self) -> dict[str, str]:
        """What it sets; of several lines for one variable the last counts."""
        return dict(_settings(self.entries))

    def changed(self, values: Callable[[Entry], str | None]) -> Self:
        """The file with each value that `values` gives; None leaves an entry as it is."""
        entries = []
        for one in self.entries:
            value = values(one) if one.variable else None
            entries.append(one if value is None else one.with_value(value))
        return replace(self, entries=tuple(entries))

    def with_line(self, variable: str, value: str) -> Self:
        """The file with `variable` so: in its old place, or in a new line at the end."""
        if variable in self.values:
            return self.changed(lambda one: value if one.variable == variable else None)
        text = self.text
        end = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
        gap = end if text and not text.endswith(("\n", "\r")) else ""
        entry = Entry(f"{gap}{variable}={value}{end}", 0, variable, value)
        return replace(self, entries=(*self.entries, entry))

    @property
    def text(self) -> str:
        """All of it, without the mark that some editors begin a file with."""
        return "".join(one.text for one in self.entries)

    def write(self, *, narrow: bool = False) -> None:
        """Put it in the place of the old one, with its mode; a new one is its owner's.

        With `narrow` others may read it no more. Raises ValueError where the file would
        not be read as it was meant, NoPlace where the disk takes it not, and Refused
        where somebody has changed it since it was read.
        """
        if _settings(_entries(self.text, self.path)) != _settings(self.entries):
            raise ValueError(f"{self.path}: can't be changed safely; change it by hand")
        mode = _mode(self.path)
        data = ((_BOM if self.marked else "") + self.text).encode("utf-8")
        # A link stays one: what it leads to is changed.
        write_whole(
            self.path.resolve(),
            data,
            mode=mode & PRIVATE if narrow else mode,
            before=self.demand_unchanged,
        )

    def demand_unchanged(self) -> None:
        """Raises Refused where the file is not as it was when it was read."""
        try:
            same = read_bounded(self.path, BYTES_MAX, plain=True) == self.data
        except FileNotFoundError:
            same = self.data is None
        except (OSError, ValueError):
            same = False
        if not same:
            raise Refused(f"{self.path}: somebody else has changed it; begin anew")


def usual_files() -> list[Path]:
    """The env file of this folder, if there is one: some keep a program in `.env/`."""
    return [USUAL_FILE] if USUAL_FILE.exists() and not USUAL_FILE.is_dir() else []


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else PRIVATE


def _settings(entries: tuple[Entry, ...]) -> list[tuple[str, str]]:
    return [(one.variable, one.value) for one in entries if one.variable]


def _entries(text: str, path: Path) -> tuple[Entry, ...]:
    # Here, so that commands that read no env file start without it.
    from dotenv.parser import parse_stream  # noqa: PLC0415

    found = []
    for one in parse_stream(io.StringIO(text, newline="")):
        raw = one.original.string
        # Empty lines above are part of it.
        blank = raw[: len(raw) - len(raw.lstrip())]
        line = one.original.line + len(re.findall(r"\r\n|\n|\r", blank))
        if one.error or (one.key is not None and one.value is None):
            raise ValueError(f"{path}, line {line}: is no VARIABLE=value")
        if one.key is not None and not is_variable(one.key):
            raise ValueError(f"{path}, line {line}: what stands before = is no variable")
        if "\x00" in (one.value or ""):
            raise ValueError(f"{path}, line {line}: a value holds no NUL")
        found.append(Entry(raw, line, one.key, one.value or ""))
    return tuple(found)
