"""What services need of the outside, as protocols; adapters implement them.

Calls may block and are made off the event loop, unless a protocol says
otherwise. A method that cannot reach what it stands for raises
`StoreUnavailable`; a refusal is a value, never an exception.
"""

from keyhouse.ports.backup import (
    DamagedBackup,
    Dump,
    NotEmpty,
    Parts,
    Portable,
    ReadParts,
    Refill,
    TableRows,
)
from keyhouse.ports.counting import (
    BudgetLedger,
    Leased,
    LeaseWanted,
    OrphanSpool,
    RateAnswer,
    RateCounter,
    Slowed,
    Spool,
    SpoolFolder,
    Stretch,
    Uncounted,
    UsageSink,
)
from keyhouse.ports.failures import Clash, Conflict, Deadlocked, NoSpool, StoreUnavailable
from keyhouse.ports.keys import KeyReach, KeyState, KeysWanted, KeyTally
from keyhouse.ports.metrics import ProcessUse, Shelf, Shelves
from keyhouse.ports.people import Mail, Mailer, PasswordHasher
from keyhouse.ports.records import (
    ChangeFeed,
    Changes,
    Deliver,
    Held,
    KeyStore,
    Node,
    NodeRegistry,
    Standing,
    holds_none,
)
from keyhouse.ports.remote import RemoteKeyhouse, RemoteRefused
from keyhouse.ports.reports import Observed, Tally, UsageReports, UsageRow
from keyhouse.ports.rotation import Planned, SecretUse, Waiting
from keyhouse.ports.rows import (
    E,
    Page,
    Range,
    Rows,
    Transaction,
    WritingTransaction,
)
from keyhouse.ports.settling import SettlementLedger
from keyhouse.ports.signals import SignalSink
from keyhouse.ports.system import (
    Clock,
    Entropy,
    Sealed,
    Sealer,
    SignatureChecker,
    Signer,
    TokenKeys,
)
from keyhouse.ports.upkeep import Upkeep
from keyhouse.ports.usage_wanted import UsageWanted
from keyhouse.ports.watching import KeyUse, UsageWatch
from keyhouse.ports.webhooks import DeliveryQueue, Sent, WebhookSender

__all__ = [
    "BudgetLedger",
    "ChangeFeed",
    "Changes",
    "Clash",
    "Clock",
    "Conflict",
    "DamagedBackup",
    "Deadlocked",
    "Deliver",
    "DeliveryQueue",
    "Dump",
    "E",
    "Entropy",
    "Held",
    "KeyReach",
    "KeyState",
    "KeyStore",
    "KeyTally",
    "KeyUse",
    "KeysWanted",
    "LeaseWanted",
    "Leased",
    "Mail",
    "Mailer",
    "NoSpool",
    "Node",
    "NodeRegistry",
    "NotEmpty",
    "Observed",
    "OrphanSpool",
    "Page",
    "Parts",
    "PasswordHasher",
    "Planned",
    "Portable",
    "ProcessUse",
    "Range",
    "RateAnswer",
    "RateCounter",
    "ReadParts",
    "Refill",
    "RemoteKeyhouse",
    "RemoteRefused",
    "Rows",
    "Sealed",
    "Sealer",
    "SecretUse",
    "Sent",
    "SettlementLedger",
    "Shelf",
    "Shelves",
    "SignalSink",
    "SignatureChecker",
    "Signer",
    "Slowed",
    "Spool",
    "SpoolFolder",
    "Standing",
    "StoreUnavailable",
    "Stretch",
    "TableRows",
    "Tally",
    "TokenKeys",
    "Transaction",
    "Uncounted",
    "Upkeep",
    "UsageReports",
    "UsageRow",
    "UsageSink",
    "UsageWanted",
    "UsageWatch",
    "Waiting",
    "WebhookSender",
    "WritingTransaction",
    "holds_none",
]
