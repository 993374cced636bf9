"""What is out of the ordinary in the use of keys: spikes."""

from keyhouse.services.watch.spikes import SpikeWatch

__all__ = ["SpikeWatch"]
