"""Rolls a stretch of a spool up into the batch that books it."""

import time
from typing import Final

from keyhouse.core.usage import Served, UsageBatch, UseOfUser
from keyhouse.ports import Stretch
from keyhouse.services.meter.rolling import BREATH_SECONDS, LOG_ROWS_MAX, Rolling

_AT_ONCE: Final = 256


def roll(spool_id: str, stretch: Stretch, log_rows_max: int = LOG_ROWS_MAX) -> UsageBatch:
    """Everything that `stretch` says, summed up.

    For what was not summed up as it happened: the spool of a process that is
    gone, and what piled up while the database was away.
    """
    rolling = Rolling(log_rows_max)
    for index, entry in enumerate(stretch.entries):
        if entry.__class__ is Served:
            if isinstance(entry.use, UseOfUser):
                # A spool does not tell whether the key itself came with the token.
                rolling.apart.add(id(entry.use))
            rolling.served(*entry)
        else:
            rolling.completed(*entry)
        if index % _AT_ONCE == 0:
            time.sleep(BREATH_SECONDS)
    return rolling.batch(spool_id, stretch.start, stretch.end)
