"""Rate counters that all nodes share, on Valkey (or Redis): one or a cluster."""

from keyhouse.adapters.valkey.address import AddressError, Connect, connector
from keyhouse.adapters.valkey.embedded import embedded_command
from keyhouse.adapters.valkey.rates import OnOutage, ValkeyRateCounter

__all__ = [
    "AddressError",
    "Connect",
    "OnOutage",
    "ValkeyRateCounter",
    "connector",
    "embedded_command",
]
