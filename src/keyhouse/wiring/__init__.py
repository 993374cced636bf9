"""The one module that knows concrete classes: settings in, running parts out.

Everything heavy is imported inside its builder, so that a program with the
light package alone can import this module and use the guard.
"""

from keyhouse.wiring.backups import back_up, is_sealed, restore
from keyhouse.wiring.counters import Counters, counters_beside
from keyhouse.wiring.desks import mail_folder, mailer, people_desk
from keyhouse.wiring.folder import (
    drop_signing_key,
    new_sealing_key,
    new_signing_key,
    prepare,
)
from keyhouse.wiring.founding import bootstrap
from keyhouse.wiring.gateway import SWITCH_SECONDS, run_gateway, spare_collector
from keyhouse.wiring.guards import Keyhouse
from keyhouse.wiring.management import run_management
from keyhouse.wiring.metrics import restarts_counted
from keyhouse.wiring.planes import data_plane
from keyhouse.wiring.worker import run_worker

__all__ = [
    "SWITCH_SECONDS",
    "Counters",
    "Keyhouse",
    "back_up",
    "bootstrap",
    "counters_beside",
    "data_plane",
    "drop_signing_key",
    "is_sealed",
    "mail_folder",
    "mailer",
    "new_sealing_key",
    "new_signing_key",
    "people_desk",
    "prepare",
    "restarts_counted",
    "restore",
    "run_gateway",
    "run_management",
    "run_worker",
    "spare_collector",
]
