"""Whom applications belong to as providers see it, and what they paid ahead."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from keyhouse.core.entities.limits import Limit


class CreditKind(StrEnum):
    """Why credits came or went, besides by calls."""

    PURCHASE = "purchase"
    GRANT = "grant"
    ADJUSTMENT = "adjustment"
    REFUND = "refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Whom applications belong to, as the provider that keeps this row sees it.

    `external_id` is the provider's own name for it, unique in its project.
    `limits` are shared by all keys of all its applications. Since `prepaid_at`
    their live calls spend of its credits; `credits` is the sum of all that
    were ever added, and never falls: what is taken away counts as spent.
    """

    id: str
    organization_id: str
    project_id: str
    external_id: str
    name: str
    limits: tuple[Limit, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    disabled_at: int | None = None
    created_at: int
    updated_at: int
    prepaid_at: int | None = None
    credits: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """An entry of a customer's ledger: written once, never changed or removed.

    `amount` is more than 0 where credits came, less where they went; `balance`
    is what was there after it, as far as calls were booked by then. What calls
    spend makes no entries. `actor` is as in `AuditRow`.
    """

    id: str
    organization_id: str
    customer_id: str
    at: int
    kind: CreditKind
    amount: int
    balance: int
    note: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationCustomer:
    """Whose customer an application is. `id` is `{application}/{provider}`:

    to each provider it belongs to one.
    """

    id: str
    application_id: str
    provider_id: str
    customer_id: str
    created_at: int
