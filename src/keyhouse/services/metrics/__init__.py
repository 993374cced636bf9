"""What a process tells of itself, gathered without costing any request anything."""

from keyhouse.services.metrics.itself import Itself
from keyhouse.services.metrics.planes import plane_readings
from keyhouse.services.metrics.publisher import Collect, Publisher
from keyhouse.services.metrics.tally import (
    CONSOLE_REQUESTS,
    CountedSender,
    Tally,
    counted_delivery,
    counted_tasks,
)

__all__ = [
    "CONSOLE_REQUESTS",
    "Collect",
    "CountedSender",
    "Itself",
    "Publisher",
    "Tally",
    "counted_delivery",
    "counted_tasks",
    "plane_readings",
]
