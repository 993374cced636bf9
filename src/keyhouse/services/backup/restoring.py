"""Reading a backup: all of it is checked before anything is written."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from keyhouse.core.keyring import Keyring
from keyhouse.ports import DamagedBackup, ReadParts, Refill
from keyhouse.services.backup.manifest import (
    KEYRING_PART,
    Manifest,
    part_of,
    read_manifest,
)
from keyhouse.services.backup.writing import STEP, Progress

_REFERS: Final = {"pepper_id": "peppers", "sealing_key_id": "sealing"}
"""How columns end, of whichever table, that name a key of the keyring: of which purpose."""


class CannotRestore(Exception):
    """The backup is whole, and is refused; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A backup that was read once from end to end.

    `needs` are the ids of the keyring's keys that its rows refer to, by purpose;
    `keyring` is the text of the keyring in it, if one is.
    """

    manifest: Manifest
    needs: Mapping[str, set[str]]
    keyring: str | None


def check_backup(parts: ReadParts, progress: Progress) -> Checked:
    """Read every part. Raises DamagedBackup unless each is as it was written."""
    manifest = read_manifest(parts.manifest)
    expected = {part_of(table) for table in manifest.rows}
    if set(parts.names) - {KEYRING_PART} != expected:
        raise DamagedBackup("its parts are not those that its manifest counts")
    needs: dict[str, set[str]] = {purpose: set() for purpose in _REFERS.values()}
    for table, count in manifest.rows.items():
        reader = _Table(parts, table)
        named = [
            (at, needs[purpose])
            for at, column in enumerate(reader.columns)
            for end, purpose in _REFERS.items()
            if column.endswith(end)
        ]
        found = 0
        for row in _told(reader.rows(), table, progress):
            found += 1
            for at, ids in named:
                # '' is no pepper: what was imported as a plain hash has none yet.
                if row[at]:
                    ids.add(str(row[at]))
        if found != count:
            raise DamagedBackup(f"{table} has {found} rows and not {count}")
    keyring = None
    if KEYRING_PART in parts.names:
        keyring = b"".join(parts.lines(KEYRING_PART)).decode("ascii", "replace")
    return Checked(manifest, needs, keyring)


def demand_keys(checked: Checked, keyring: Keyring | None, where: str) -> None:
    """Raise CannotRestore where the keyring lacks a key that rows refer to.

    Without its pepper no secret opens anything, and nothing brings it back.
    """
    for purpose, ids in checked.needs.items():
        held = {one.id for one in getattr(keyring, purpose)} if keyring else set()
        for id in sorted(ids - held):
            what = "pepper" if purpose == "peppers" else "sealing key"
            raise CannotRestore(
                f"{where} has no {what} {id}, and rows of the backup need it: put the "
                "keyring there that was in use when the backup was made"
            )


def fill(checked: Checked, parts: ReadParts, refill: Refill, progress: Progress) -> None:
    """Write all rows. Raises DamagedBackup for what does not fit into a database."""
    for table in checked.manifest.rows:
        reader = _Table(parts, table)
        try:
            refill.fill(table, reader.columns, _told(reader.rows(), table, progress))
        except ValueError as error:
            raise DamagedBackup(str(error)) from None


def _told(rows: Iterator[list[Any]], table: str, progress: Progress) -> Iterator[list[Any]]:
    count = 0
    for row in rows:
        count += 1
        if count % STEP == 0:
            progress(table, count)
        yield row
    progress(table, count)


class _Table:
    """The part of a table: its columns, and then its rows."""

    def __init__(self, parts: ReadParts, table: str) -> None:
        self._table = table
        self._lines = parts.lines(part_of(table))
        columns = self._parsed(next(self._lines, b"null"))
        self.columns = tuple(str(name) for name in columns)

    def rows(self) -> Iterator[list[Any]]:
        """All rows; at their end it is known whether they are whole."""
        for line in self._lines:
            row = self._parsed(line)
            if len(row) != len(self.columns):
                raise DamagedBackup(f"{self._table} has a row of another length")
            yield row

    def _parsed(self, line: bytes) -> list[Any]:
        try:
            found = json.loads(line.decode("utf-8", "surrogatepass"))
        except ValueError:
            found = None
        if not isinstance(found, list):
            raise DamagedBackup(f"{self._table} has a line that is no row")
        return found
