"""What any process can tell of itself: what it is, since when, and what it takes."""

from typing import NamedTuple

from keyhouse.core.metrics import Readings
from keyhouse.ports import ProcessUse


class Itself(NamedTuple):
    """A process: the version it runs, and when it began to serve, in µs."""

    version: str
    python: str
    began_us: int
    use: ProcessUse

    def add_to(self, readings: Readings) -> None:
        """Tell it."""
        readings["build_info"] = {(self.version, self.python): 1}
        readings["process_start_time_seconds"] = {(): self.began_us / 1_000_000}
        readings["process_resident_bytes"] = {(): self.use.resident_bytes()}
        readings["process_cpu_seconds_total"] = {(): self.use.cpu_seconds()}
