"""Where the processes of a machine leave what they measure of themselves."""

from collections.abc import Mapping
from typing import Protocol

from keyhouse.core.metrics import Readings


class Shelf(Protocol):
    """The place of one process, from its start to its end."""

    def put(self, readings: Readings) -> None:
        """Have others see these from now on. Blocks; raises OSError."""

    def close(self) -> None:
        """Leave nothing behind."""


class Shelves(Protocol):
    """The places of all processes on one data folder."""

    def all(self) -> Mapping[str, Readings]:
        """What the processes that live have put there, by name, as `gateway-0`."""


class ProcessUse(Protocol):
    """What a process takes of its machine."""

    def resident_bytes(self) -> int:
        """Its memory."""

    def cpu_seconds(self) -> float:
        """The time that processors have spent on it."""
