"""People, how they log in, and what they are in organizations."""

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a member may do in an organization."""

    OWNER = "owner"
    ADMIN = "admin"
    DEVELOPER = "developer"
    VIEWER = "viewer"


class Purpose(StrEnum):
    """What a mailed link is for."""

    CONFIRM = "confirm"
    RESET = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can be a member of organizations.

    `email` is kept in lower case. Without a password hash nobody logs in;
    `checked_at` is when a mailed link proved that the address is theirs.
    """

    id: str
    email: str
    name: str
    created_at: int
    updated_at: int
    password_hash: str | None = field(default=None, repr=False)
    checked_at: int | None = None
    disabled_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that somebody logged in with. Its cookie's bytes are not kept.

    `address` and `agent` are what the browser told when it logged in, so that
    its owner knows it again in a list.
    """

    id: str
    person_id: str
    digest: bytes = field(repr=False)
    created_at: int
    seen_at: int
    ends_at: int
    ended_at: int | None = None
    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A mailed link that does one thing, once, for whoever reads that address.

    One that confirms brings what was typed at the sign-up: name, password's
    hash, and the invitation that led there. A person's row is made, or gets
    them, only when the link is used: so nobody prepares an account for
    another's address. One that resets has a person and nothing else.
    """

    id: str
    purpose: Purpose
    email: str
    digest: bytes = field(repr=False)
    created_at: int
    ends_at: int
    used_at: int | None = None
    person_id: str | None = None
    name: str = ""
    password_hash: str | None = field(default=None, repr=False)
    invitation_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A mailed offer of a role in an organization, for whoever has the link."""

    id: str
    organization_id: str
    email: str
    role: Role
    digest: bytes = field(repr=False)
    invited_by: str
    created_at: int
    ends_at: int
    accepted_at: int | None = None
    withdrawn_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Wrong guesses at one door: `id` is `account/…` or `source/…`, hashed.

    `count` of them since `since`; none is heard before `blocked_until`.
    """

    id: str
    count: int
    since: int
    blocked_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person's role in an organization. `id` is `{organization}/{person}`."""

    id: str
    organization_id: str
    person_id: str
    role: Role
    created_at: int
    updated_at: int
