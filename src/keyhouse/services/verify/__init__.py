"""Verification: whose key is this, and may it pass?"""

from keyhouse.services.verify.asker import Asker
from keyhouse.services.verify.cache import RecordCache
from keyhouse.services.verify.follower import Follower
from keyhouse.services.verify.loading import HeldLine, Loading
from keyhouse.services.verify.management import ManagementKey, refusal_of
from keyhouse.services.verify.misses import MissBudget
from keyhouse.services.verify.patience import Patience
from keyhouse.services.verify.pieces import HeldKey
from keyhouse.services.verify.recent import RecentChanges
from keyhouse.services.verify.resolver import Resolver
from keyhouse.services.verify.verifier import Verifier
from keyhouse.services.verify.ways import Way

__all__ = [
    "Asker",
    "Follower",
    "HeldKey",
    "HeldLine",
    "Loading",
    "ManagementKey",
    "MissBudget",
    "Patience",
    "RecentChanges",
    "RecordCache",
    "Resolver",
    "Verifier",
    "Way",
    "refusal_of",
]
