"""What a process has seen and not yet booked."""

from collections.abc import Iterable
from typing import Final

from keyhouse.core.alerts import added, alert_of
from keyhouse.core.entities import Alert, AlertKind
from keyhouse.core.records import KeyRecord

ALARMS_MAX: Final = 4096
"""Keys, by kind of alert, that one stretch of usage tells of; no stranger can raise

one, for it takes a good secret.
"""


class Alarms:
    """Sums up alerts until the next batch of usage takes them along.

    One thread uses it. They are in no spool: a process that ends without having
    counted anything since takes with it what it had not booked.
    """

    def __init__(self) -> None:
        self._raised: dict[str, Alert] = {}

    def sound(
        self, key: KeyRecord, provider_id: str, kind: AlertKind, at_us: int, sample: str
    ) -> None:
        """Tell that a good secret of `key` was seen where it must not be."""
        self._add(alert_of(key, provider_id, kind, at_us, sample))

    def take(self) -> list[Alert]:
        """All that was raised since the last time, each key, kind and day once."""
        raised, self._raised = self._raised, {}
        return list(raised.values())

    def put_back(self, alerts: Iterable[Alert]) -> None:
        """Take them along later, as their batch will not be booked."""
        for alert in alerts:
            self._add(alert)

    def _add(self, alert: Alert) -> None:
        if alert.id in self._raised or len(self._raised) < ALARMS_MAX:
            self._raised[alert.id] = added(self._raised, alert)
