"""Issuing keys: what they open, where, for how long; and taking them back."""

from keyhouse.services.issue.access import MANAGEMENT_SCOPES, AccessWish
from keyhouse.services.issue.commands import (
    Created,
    KeyChanges,
    KeyWish,
    change_key,
    create_key,
    delete_key,
    disable_key,
    enable_key,
    restore_key,
    revoke_key,
)
from keyhouse.services.issue.homes import ApplicationWish
from keyhouse.services.issue.minting import Issued
from keyhouse.services.issue.queries import (
    READ,
    WRITE,
    KeyFilter,
    find_key,
    get_key,
    list_keys,
    list_secrets,
    reached_key,
)
from keyhouse.services.issue.rolling_back import roll_back, why_not
from keyhouse.services.issue.rotation import (
    OVERLAP_SECONDS_MAX,
    Usual,
    end,
    end_secret,
    rotate_key,
)
from keyhouse.services.issue.searching import holds_secret
from keyhouse.services.issue.views import (
    KeyState,
    KeyView,
    SecretState,
    SecretView,
    secret_state,
    state_of,
    views_of,
)

__all__ = [
    "MANAGEMENT_SCOPES",
    "OVERLAP_SECONDS_MAX",
    "READ",
    "WRITE",
    "AccessWish",
    "ApplicationWish",
    "Created",
    "Issued",
    "KeyChanges",
    "KeyFilter",
    "KeyState",
    "KeyView",
    "KeyWish",
    "SecretState",
    "SecretView",
    "Usual",
    "change_key",
    "create_key",
    "delete_key",
    "disable_key",
    "enable_key",
    "end",
    "end_secret",
    "find_key",
    "get_key",
    "holds_secret",
    "list_keys",
    "list_secrets",
    "reached_key",
    "restore_key",
    "revoke_key",
    "roll_back",
    "rotate_key",
    "secret_state",
    "state_of",
    "views_of",
    "why_not",
]
