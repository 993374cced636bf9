"""Writing a backup while the installation serves."""

import json
from collections.abc import Callable, Iterator
from typing import Final

from keyhouse.core.moments import format_time
from keyhouse.ports import Clock, Parts, Portable, TableRows
from keyhouse.services.backup.manifest import FORMAT, KEYRING_PART, Manifest, part_of

Progress = Callable[[str, int], None]
"""Is told a table's name and how many of its rows are done, now and then."""

STEP: Final = 50_000


def write_backup(
    portable: Portable,
    parts: Parts,
    clock: Clock,
    progress: Progress,
    *,
    version: str,
    keyring: str | None,
    usage: bool,
) -> Manifest:
    """Write all tables in one snapshot, the keyring's text if given, and the manifest.

    Memory does not grow with the rows.
    """
    rows: dict[str, int] = {}
    made_at = format_time(clock.now_us())
    with portable.dumping(usage=usage) as dump:
        for table in dump.tables():
            counted = _Counted(table, progress)
            parts.add(part_of(table.name), counted.lines())
            rows[table.name] = counted.count
        manifest = Manifest(
            format=FORMAT,
            version=version,
            made_at=made_at,
            revision=dump.revision,
            head=dump.head,
            usage=usage,
            rows=rows,
        )
    if keyring is not None:
        parts.add(KEYRING_PART, iter((keyring.encode("ascii"),)))
    parts.finish(manifest.told())
    return manifest


class _Counted:
    """A table as lines of JSON, the first of which names the columns."""

    def __init__(self, table: TableRows, progress: Progress) -> None:
        self._table = table
        self._progress = progress
        self.count = 0

    def lines(self) -> Iterator[bytes]:
        yield _line(list(self._table.columns))
        for row in self._table.rows:
            self.count += 1
            if self.count % STEP == 0:
                self._progress(self._table.name, self.count)
            yield _line(row)
        self._progress(self._table.name, self.count)


def _line(values: object) -> bytes:
    text = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass") + b"\n"
