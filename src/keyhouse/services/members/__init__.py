"""Members: who belongs to an organization, in which role, and who is asked to."""

from keyhouse.services.members.commands import change_member, remove_member
from keyhouse.services.members.invitations import (
    INVITATION_DAYS,
    INVITED_PER_DAY_MAX,
    Invited,
    Offer,
    accept_invitation,
    find_invitation,
    find_offer,
    invite,
    letter,
    take_up,
    withdraw_invitation,
)
from keyhouse.services.members.queries import (
    READ,
    WRITE,
    InvitationState,
    InvitationView,
    MemberView,
    count_owners,
    get_invitation,
    get_member,
    list_invitations,
    list_members,
)

__all__ = [
    "INVITATION_DAYS",
    "INVITED_PER_DAY_MAX",
    "READ",
    "WRITE",
    "InvitationState",
    "InvitationView",
    "Invited",
    "MemberView",
    "Offer",
    "accept_invitation",
    "change_member",
    "count_owners",
    "find_invitation",
    "find_offer",
    "get_invitation",
    "get_member",
    "invite",
    "letter",
    "list_invitations",
    "list_members",
    "remove_member",
    "take_up",
    "withdraw_invitation",
]
