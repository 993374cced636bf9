"""Issuing keys: what they open, where, for how long; and taking them back."""

from keyhouse.services.issue.access import MANAGEMENT_SCOPES, AccessWish
from keyhouse.services.issue.commands import (
    ApplicationWish,
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
from keyhouse.services.issue.minting import Issued
from keyhouse.services.issue.queries import (
    READ,
    WRITE,
    KeyFilter,
    find_key,
    get_key,
    list_keys,
    list_secrets,
)
from keyhouse.services.issue.rotation import (
    OVERLAP_SECONDS_MAX,
    end_secret,
    rotate_key,
)
from keyhouse.services.issue.searching import holds_secret
from keyhouse.services.issue.views import KeyState, KeyView, SecretState, SecretView

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
    "change_key",
    "create_key",
    "delete_key",
    "disable_key",
    "enable_key",
    "end_secret",
    "find_key",
    "get_key",
    "holds_secret",
    "list_keys",
    "list_secrets",
    "restore_key",
    "revoke_key",
    "rotate_key",
]
