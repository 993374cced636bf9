"""Issuing keys: what they open, where, for how long; and taking them back."""

from keyhouse.ports import KeyState
from keyhouse.services.issue.access import (
    MANAGEMENT_SCOPES,
    AccessWish,
    Opened,
    open_access,
)
from keyhouse.services.issue.batches import create_keys
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
from keyhouse.services.issue.emergency import (
    Revoked,
    RevokeWish,
    note_revoked,
    revoke_keys,
)
from keyhouse.services.issue.filters import KeyFilter
from keyhouse.services.issue.homes import ApplicationWish, Home, application_in
from keyhouse.services.issue.minting import Issued, Opening
from keyhouse.services.issue.possession import revoke_secret
from keyhouse.services.issue.purging import purge_keys
from keyhouse.services.issue.queries import (
    READ,
    WRITE,
    find_key,
    get_key,
    list_keys,
    list_secrets,
    reached_key,
    reached_keys,
)
from keyhouse.services.issue.rolling_back import roll_back, why_not
from keyhouse.services.issue.rotation import (
    OVERLAP_SECONDS_MAX,
    Usual,
    end,
    end_secret,
    rotate_key,
)
from keyhouse.services.issue.schedules import (
    Holder,
    Scheduled,
    due_dates,
    schedule_of_key,
)
from keyhouse.services.issue.searching import holds_secret
from keyhouse.services.issue.tallies import tally_keys
from keyhouse.services.issue.transfer import transfer_key
from keyhouse.services.issue.views import (
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
    "Holder",
    "Home",
    "Issued",
    "KeyChanges",
    "KeyFilter",
    "KeyState",
    "KeyView",
    "KeyWish",
    "Opened",
    "Opening",
    "RevokeWish",
    "Revoked",
    "Scheduled",
    "SecretState",
    "SecretView",
    "Usual",
    "application_in",
    "change_key",
    "create_key",
    "create_keys",
    "delete_key",
    "disable_key",
    "due_dates",
    "enable_key",
    "end",
    "end_secret",
    "find_key",
    "get_key",
    "holds_secret",
    "list_keys",
    "list_secrets",
    "note_revoked",
    "open_access",
    "purge_keys",
    "reached_key",
    "reached_keys",
    "restore_key",
    "revoke_key",
    "revoke_keys",
    "revoke_secret",
    "roll_back",
    "rotate_key",
    "schedule_of_key",
    "secret_state",
    "state_of",
    "tally_keys",
    "transfer_key",
    "views_of",
    "why_not",
]
