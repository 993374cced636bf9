"""The data plane of one process: verification and metering, started and stopped."""

from keyhouse.services.plane.checking import CheckingPlane, Means, Options
from keyhouse.services.plane.metered import DataPlane, MeteringMeans

__all__ = ["CheckingPlane", "DataPlane", "Means", "MeteringMeans", "Options"]
