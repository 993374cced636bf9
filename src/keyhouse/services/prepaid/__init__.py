"""Credits: a prepaid balance of a customer, with a ledger that only grows."""

from keyhouse.services.prepaid.commands import CreditWish, add_credit
from keyhouse.services.prepaid.queries import (
    Balance,
    balance,
    balances,
    get_credit,
    list_credits,
)

__all__ = [
    "Balance",
    "CreditWish",
    "add_credit",
    "balance",
    "balances",
    "get_credit",
    "list_credits",
]
