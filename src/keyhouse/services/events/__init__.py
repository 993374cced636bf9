"""Events: what organizations with endpoints are told of.

What the audit notes is told in the transaction that notes it; what the data
plane finds, a worker tells.
"""

from keyhouse.services.events.announcing import Hearer, announce, tell
from keyhouse.services.events.noticed import tell_noticed

__all__ = ["Hearer", "announce", "tell", "tell_noticed"]
