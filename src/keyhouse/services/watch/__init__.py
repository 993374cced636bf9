"""What is out of the ordinary in the use of keys: spikes, and unfamiliar networks."""

from keyhouse.services.watch.networks import judge_networks
from keyhouse.services.watch.spikes import SpikeWatch

__all__ = ["SpikeWatch", "judge_networks"]
