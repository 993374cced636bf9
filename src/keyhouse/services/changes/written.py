"""The number of the last change, of what takes many transactions."""

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import NamedTuple

from keyhouse.ports import Rows, Transaction, WritingTransaction
from keyhouse.services.work import Office


class LastWritten(NamedTuple):
    """An office, and the rows that note what is written through it."""

    office: Office
    rows: "NotingRows"


class NotingRows:
    """`ports.Rows` that note the number of the last change; `seq` is None before one."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.seq: int | None = None

    def reading(self) -> AbstractContextManager[Transaction]:
        """As the rows that it stands for."""
        return self._rows.reading()

    @contextmanager
    def writing(self) -> Generator[WritingTransaction]:
        """As the rows that it stands for."""
        with self._rows.writing() as tx:
            yield tx
        if tx.seq is not None:
            self.seq = max(self.seq or 0, tx.seq)


def noting(office: Office) -> LastWritten:
    """The same office, with what it writes noted."""
    rows = NotingRows(office.rows)
    return LastWritten(replace(office, rows=rows), rows)
