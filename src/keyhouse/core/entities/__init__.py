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
from keyhouse.core.entities.record import Alert, AlertKind, AuditRow, IdempotencyRow
from keyhouse.core.entities.rotation import (
    Calendar,
    Reminder,
    ReminderKind,
    Replaced,
    RotationSchedule,
)
from keyhouse.core.entities.tenants import Application, Environment, Organization, Project
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
    | ApiHost
    | UpstreamHeader
    | Route
    | Application
    | Customer
    | ApplicationCustomer
    | Credit
    | Key
    | Access
    | SecretRow
    | AuditRow
    | IdempotencyRow
    | Alert
    | Job
    | Webhook
    | Event
    | Delivery
    | BudgetMark
    | Reminder
    | Calendar
)


__all__ = [
    "Access",
    "Alert",
    "AlertKind",
    "Api",
    "ApiHost",
    "Application",
    "ApplicationCustomer",
    "Attempt",
    "AuditRow",
    "BrowserKeys",
    "BudgetMark",
    "Calendar",
    "Credit",
    "CreditKind",
    "Customer",
    "Delivery",
    "DeliveryState",
    "DisabledBecause",
    "Entity",
    "Environment",
    "Event",
    "IdempotencyRow",
    "Identity",
    "Invitation",
    "Job",
    "Key",
    "KeyKind",
    "Limit",
    "LimitKind",
    "MarkLevel",
    "Member",
    "Organization",
    "Person",
    "Prefix",
    "Project",
    "Purpose",
    "Reminder",
    "ReminderKind",
    "Replaced",
    "Resource",
    "Restrictions",
    "Role",
    "RotationSchedule",
    "Route",
    "SecretRow",
    "Session",
    "Ticket",
    "UpstreamHeader",
    "Webhook",
    "Window",
]
