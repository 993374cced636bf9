"""The things that Keyhouse keeps, as plain rows.

One class is one table; a field is a column of the same name. Times are 64-bit
microseconds since 1970 in UTC, None where the event has not happened. These
rows are what services read and write; what the data plane needs of them is
compiled into `core.records` when it is loaded.
"""

from keyhouse.core.entities.apis import (
    Api,
    ApiHost,
    BrowserKeys,
    CostFrom,
    HeldHost,
    Identity,
    Prefix,
    Route,
    UpstreamHeader,
)
from keyhouse.core.entities.customers import (
    ApplicationCustomer,
    Credit,
    CreditKind,
    Customer,
)
from keyhouse.core.entities.imports import (
    UNFINISHED_IMPORTS,
    ImportAccess,
    ImportEffect,
    ImportEnd,
    ImportFormat,
    ImportMode,
    ImportProblem,
    ImportState,
    KeyImport,
    Signal,
    SignalKind,
)
from keyhouse.core.entities.jobs import Job
from keyhouse.core.entities.keys import (
    Access,
    Key,
    KeyKind,
    Resource,
    Restrictions,
    SecretRow,
)
from keyhouse.core.entities.limits import Limit, LimitKind, Window
from keyhouse.core.entities.people import (
    Attempt,
    Invitation,
    Member,
    Person,
    Purpose,
    Role,
    Session,
    Ticket,
)
from keyhouse.core.entities.plans import (
    Applies,
    Approval,
    Carried,
    Override,
    Per,
    Plan,
    PlanAccess,
    PlanLimit,
    PlanRoute,
    PlanVersion,
    Subscription,
    SubscriptionApi,
    SubscriptionState,
    Visibility,
    version_id,
)
from keyhouse.core.entities.record import (
    Alert,
    AlertKind,
    AuditRow,
    IdempotencyRow,
    KeyNetwork,
)
from keyhouse.core.entities.rotation import (
    Calendar,
    Reminder,
    ReminderKind,
    Replaced,
    RotationSchedule,
)
from keyhouse.core.entities.tenants import (
    Application,
    Environment,
    ImportedStrings,
    Organization,
    Project,
)
from keyhouse.core.entities.tokens import RevokedKind, TokenRevocation
from keyhouse.core.entities.webhooks import (
    BudgetMark,
    Delivery,
    DeliveryState,
    DisabledBecause,
    Event,
    MarkLevel,
    Webhook,
)

Entity = (
    Organization
    | Person
    | Session
    | Ticket
    | Invitation
    | Attempt
    | Member
    | Project
    | Api
    | HeldHost
    | ApiHost
    | UpstreamHeader
    | Route
    | Application
    | Customer
    | ApplicationCustomer
    | Credit
    | Plan
    | PlanVersion
    | Subscription
    | SubscriptionApi
    | Key
    | Access
    | SecretRow
    | AuditRow
    | IdempotencyRow
    | Alert
    | KeyNetwork
    | Job
    | Webhook
    | Event
    | Delivery
    | BudgetMark
    | Reminder
    | Calendar
    | KeyImport
    | Signal
    | TokenRevocation
)


__all__ = [
    "UNFINISHED_IMPORTS",
    "Access",
    "Alert",
    "AlertKind",
    "Api",
    "ApiHost",
    "Application",
    "ApplicationCustomer",
    "Applies",
    "Approval",
    "Attempt",
    "AuditRow",
    "BrowserKeys",
    "BudgetMark",
    "Calendar",
    "Carried",
    "CostFrom",
    "Credit",
    "CreditKind",
    "Customer",
    "Delivery",
    "DeliveryState",
    "DisabledBecause",
    "Entity",
    "Environment",
    "Event",
    "HeldHost",
    "IdempotencyRow",
    "Identity",
    "ImportAccess",
    "ImportEffect",
    "ImportEnd",
    "ImportFormat",
    "ImportMode",
    "ImportProblem",
    "ImportState",
    "ImportedStrings",
    "Invitation",
    "Job",
    "Key",
    "KeyImport",
    "KeyKind",
    "KeyNetwork",
    "Limit",
    "LimitKind",
    "MarkLevel",
    "Member",
    "Organization",
    "Override",
    "Per",
    "Person",
    "Plan",
    "PlanAccess",
    "PlanLimit",
    "PlanRoute",
    "PlanVersion",
    "Prefix",
    "Project",
    "Purpose",
    "Reminder",
    "ReminderKind",
    "Replaced",
    "Resource",
    "Restrictions",
    "RevokedKind",
    "Role",
    "RotationSchedule",
    "Route",
    "SecretRow",
    "Session",
    "Signal",
    "SignalKind",
    "Subscription",
    "SubscriptionApi",
    "SubscriptionState",
    "Ticket",
    "TokenRevocation",
    "UpstreamHeader",
    "Visibility",
    "Webhook",
    "Window",
    "version_id",
]
