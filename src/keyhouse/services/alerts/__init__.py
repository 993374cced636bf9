"""Alerts: secrets seen where they must not be, raised by the data plane.

`services.reports` reads them back.
"""

from keyhouse.services.alerts.alarms import ALARMS_MAX, Alarms

__all__ = ["ALARMS_MAX", "Alarms"]
