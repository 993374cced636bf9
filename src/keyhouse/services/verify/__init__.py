"""Verification: whose key is this, and may it pass?"""

from keyhouse.services.verify.cache import RecordCache
from keyhouse.services.verify.follower import Follower
from keyhouse.services.verify.loading import Loading
from keyhouse.services.verify.management import ManagementKey
from keyhouse.services.verify.misses import MissBudget
from keyhouse.services.verify.recent import RecentChanges
from keyhouse.services.verify.resolver import Resolver
from keyhouse.services.verify.verifier import Patience, Verifier

__all__ = [
    "Follower",
    "Loading",
    "ManagementKey",
    "MissBudget",
    "Patience",
    "RecentChanges",
    "RecordCache",
    "Resolver",
    "Verifier",
]
