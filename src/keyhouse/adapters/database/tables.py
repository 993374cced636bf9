"""All tables. Those of `core.entities` are derived from it, field by field.

A text is nullable where its field may be None and never otherwise. Ids compare
as ASCII on both databases. Numbers are 64 bits wide; times are microseconds.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, get_args, get_type_hints

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from keyhouse.adapters.database import audit_kept
from keyhouse.core import entities
from keyhouse.core.latency import LATENCY_SLOTS

metadata: Final = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_PRIMARY_CONFLICT: Final = {
    "member": "person_id",
    "access": "access",
    "application_customer": "customer",
    "held_host": "hosts",
    "api_host": "hosts",
    "upstream_header": "name",
    "plan_version": "version",
    "subscription_api": "application",
}
"""What a taken id is told as, where the id is made of other fields."""

_ASCII: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


class _Json(sa.sql.functions.FunctionElement[Any]):
    """JSON that stands in a DEFAULT, written as each database tells it again."""

    inherit_cache = False

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


@compiles(_Json)
def _plain_json(element: _Json, _compiler: object, **_: object) -> str:
    return f"'{element.text}'"


@compiles(_Json, "postgresql")
def _cast_json(element: _Json, _compiler: object, **_: object) -> str:
    return f"'{element.text}'::json"


# Alembic takes an empty text for no default at all.
_NO_TEXT: Final = sa.text("''")

_IN_OLD_ROWS: Final[Mapping[tuple[str, str], _Json | sa.TextClause | str]] = {
    ("api", "roles"): _Json("{}"),
    ("access", "roles"): _Json("[]"),
    ("api", "browser_keys"): "refuse",
    ("api", "cors_origins"): _Json("[]"),
    ("organization", "limits"): _Json("[]"),
    ("application", "limits"): _Json("[]"),
    ("route", "limits"): _Json("[]"),
    ("api", "hosts"): _Json("[]"),
    ("api", "prefix"): entities.Prefix.STRIP.value,
    ("api", "identity"): entities.Identity.HEADERS.value,
    ("secret", "replaces"): _Json("[]"),
    ("key", "owner_id"): _NO_TEXT,
    ("key", "purpose"): _NO_TEXT,
    ("key", "tags"): _Json("[]"),
    ("route", "cost_from"): entities.CostFrom.ROUTE.value,
    ("api", "token_seconds_max"): "3600",
    ("api", "user_limits"): _Json("[]"),
    ("subscription", "also_counted_ids"): _Json("[]"),
    ("subscription_api", "counted_id"): _NO_TEXT,
}
"""Columns that came after their table: what the rows that were there hold in them.

SQLite adds a column that is not nullable only with a default, and keeps it.
"""


def _of_field(name: str, hint: Any) -> sa.Column[Any]:  # noqa: ANN401 - an annotation
    options = get_args(hint) or (hint,)
    nullable = type(None) in options
    kind = options[0] if nullable else hint
    # What is not there is NULL, which an index can leave out, and not JSON's null.
    of: sa.types.TypeEngine[Any] = sa.JSON(none_as_null=nullable)
    if kind is int:
        of = sa.BigInteger()
    elif kind is bytes:
        of = sa.LargeBinary()
    elif kind is str:
        of = _ASCII if name == "id" or name.endswith("_id") else sa.Text()
    elif isinstance(kind, type) and issubclass(kind, StrEnum):
        of = sa.Text()
    return sa.Column(name, of, primary_key=name == "id", nullable=nullable)


def _table(
    kind: type[entities.Entity], name: str, *rest: sa.Constraint | sa.Index, **parents: str
) -> sa.Table:
    columns = [_of_field(*item) for item in get_type_hints(kind).items()]
    for column in columns:
        default = _IN_OLD_ROWS.get((name, column.name))
        if default is not None:
            column.server_default = sa.DefaultClause(default)
    references = [
        sa.ForeignKeyConstraint([column], [f"{parent}.id"])
        for column, parent in parents.items()
    ]
    conflict = {"field": _PRIMARY_CONFLICT.get(name, "id")}
    return sa.Table(name, metadata, *columns, *references, *rest, info=conflict)


def _index_of_set(table: str, of: str, *columns: str) -> sa.Index:
    """An index over the rows alone in which `of` is set: few of many."""
    is_set = sa.text(f"{of} IS NOT NULL")
    name = f"ix_{table}_{of}_set"
    return sa.Index(name, *columns, sqlite_where=is_set, postgresql_where=is_set)


def _index_of_unset(table: str, of: str, *columns: str) -> sa.Index:
    """The same of the rows in which `of` is not set yet: those that wait."""
    is_unset = sa.text(f"{of} IS NULL")
    name = f"ix_{table}_{of}_unset"
    return sa.Index(name, *columns, sqlite_where=is_unset, postgresql_where=is_unset)


def _unique(*columns: str, field: str) -> sa.UniqueConstraint:
    """A constraint that is told to a caller as a conflict on `field`."""
    return sa.UniqueConstraint(*columns, info={"field": field})


KEY_STATES: Final[Mapping[str, str]] = {
    "deleted": "deleted_at IS NOT NULL",
    "revoked": "revoked_at IS NOT NULL",
    "disabled": "disabled_at IS NOT NULL",
    "ending": "ends_at IS NOT NULL",
    "starting": "starts_at IS NOT NULL",
    "standing": "deleted_at IS NULL AND revoked_at IS NULL AND disabled_at IS NULL",
}
"""Which keys can be in a state at all, each set with an index of its own."""


def _where(name: str, condition: str, *columns: str) -> sa.Index:
    """An index of those rows alone for which a condition holds."""
    where = sa.text(condition)
    return sa.Index(name, *columns, sqlite_where=where, postgresql_where=where)


organization: Final = _table(entities.Organization, "organization")
person: Final = _table(entities.Person, "person", _unique("email", field="email"))
session: Final = _table(
    entities.Session,
    "session",
    _unique("digest", field="session"),
    sa.Index(None, "person_id"),
    sa.Index(None, "ends_at"),
    person_id="person",
)
ticket: Final = _table(
    entities.Ticket,
    "ticket",
    _unique("digest", field="ticket"),
    sa.Index(None, "person_id"),
    sa.Index(None, "ends_at"),
    person_id="person",
)
invitation: Final = _table(
    entities.Invitation,
    "invitation",
    _unique("digest", field="invitation"),
    sa.Index(None, "organization_id", "id"),
    organization_id="organization",
)
attempt: Final = _table(entities.Attempt, "attempt", sa.Index(None, "since"))
member: Final = _table(
    entities.Member,
    "member",
    _unique("organization_id", "person_id", field="person_id"),
    sa.Index(None, "person_id"),
    organization_id="organization",
    person_id="person",
)
project: Final = _table(
    entities.Project,
    "project",
    sa.Index(None, "organization_id"),
    organization_id="organization",
)
api: Final = _table(
    entities.Api,
    "api",
    _unique("slug", field="slug"),
    sa.Index(None, "organization_id"),
    sa.Index(None, "project_id"),
    organization_id="organization",
    project_id="project",
)
held_host: Final = _table(
    entities.HeldHost,
    "held_host",
    _unique("id", "organization_id", field="hosts"),
    organization_id="organization",
)
# With the organization: none has a place below a host that another holds.
api_host: Final = _table(
    entities.ApiHost,
    "api_host",
    sa.ForeignKeyConstraint(
        ["host_id", "organization_id"], ["held_host.id", "held_host.organization_id"]
    ),
    sa.Index(None, "api_id"),
    sa.Index(None, "parent"),
    sa.Index(None, "host_id"),
    organization_id="organization",
    api_id="api",
)
upstream_header: Final = _table(
    entities.UpstreamHeader,
    "upstream_header",
    sa.Index(None, "api_id"),
    organization_id="organization",
    api_id="api",
)
route: Final = _table(
    entities.Route,
    "route",
    sa.Index(None, "api_id"),
    organization_id="organization",
    api_id="api",
)
application: Final = _table(
    entities.Application,
    "application",
    _unique("project_id", "external_id", field="external_id"),
    sa.Index(None, "organization_id", "id"),
    sa.Index(None, "project_id", "id"),
    _index_of_set("application", "rotation", "id"),
    sa.Index(None, "import_id"),
    sa.Index(None, "project_id", "name"),
    organization_id="organization",
    project_id="project",
)
customer: Final = _table(
    entities.Customer,
    "customer",
    _unique("project_id", "external_id", field="external_id"),
    sa.Index(None, "organization_id", "id"),
    sa.Index(None, "project_id", "id"),
    organization_id="organization",
    project_id="project",
)
credit: Final = _table(
    entities.Credit,
    "credit",
    sa.Index(None, "customer_id", "id"),
    organization_id="organization",
    customer_id="customer",
)
application_customer: Final = _table(
    entities.ApplicationCustomer,
    "application_customer",
    sa.Index(None, "application_id"),
    sa.Index(None, "customer_id"),
    application_id="application",
    provider_id="organization",
    customer_id="customer",
)
plan: Final = _table(
    entities.Plan,
    "plan",
    _unique("project_id", "slug", field="slug"),
    sa.Index(None, "organization_id"),
    _index_of_set("plan", "rotation", "id"),
    organization_id="organization",
    project_id="project",
)
plan_version: Final = _table(
    entities.PlanVersion,
    "plan_version",
    sa.Index(None, "plan_id", "id"),
    organization_id="organization",
    plan_id="plan",
)
subscription: Final = _table(
    entities.Subscription,
    "subscription",
    sa.Index(None, "provider_id", "id"),
    sa.Index(None, "consumer_id", "id"),
    sa.Index(None, "plan_id", "id"),
    sa.Index(None, "application_id"),
    provider_id="organization",
    consumer_id="organization",
    plan_id="plan",
    application_id="application",
)
subscription_api: Final = _table(
    entities.SubscriptionApi,
    "subscription_api",
    sa.Index(None, "application_id"),
    sa.Index(None, "api_id"),
    sa.Index(None, "subscription_id"),
    sa.Index(None, "counted_id"),
    application_id="application",
    api_id="api",
    subscription_id="subscription",
)
key: Final = _table(
    entities.Key,
    "key",
    sa.Index(None, "organization_id", "id"),
    _index_of_set("key", "rotation", "id"),
    _index_of_set("key", "ends_at", "ends_at"),
    sa.Index(None, "project_id", "id"),
    sa.Index(None, "application_id", "id"),
    sa.Index(None, "organization_id", "environment", "id"),
    sa.Index(None, "organization_id", "kind", "id"),
    _where("ix_key_owned", "owner_id <> ''", "organization_id", "owner_id", "id"),
    *(
        _where(f"ix_key_{name}", condition, "organization_id", "id")
        for name, condition in KEY_STATES.items()
    ),
    _where("ix_key_deleted_at", "deleted_at IS NOT NULL", "deleted_at", "id"),
    sa.Index(None, "import_id", "id"),
    sa.Index(None, "application_id", "name"),
    organization_id="organization",
    project_id="project",
    application_id="application",
)
access: Final = _table(
    entities.Access,
    "access",
    _unique("key_id", "resource_id", field="access"),
    sa.Index(None, "resource_id", "key_id"),
    key_id="key",
    provider_id="organization",
)
secret: Final = _table(
    entities.SecretRow,
    "secret",
    _unique("namespace", "algorithm", "pepper_id", "digest", field="secret"),
    _unique("key_id", "version", field="version"),
    _index_of_set("secret", "waits_for", "id"),
    key_id="key",
)
audit: Final = _table(
    entities.AuditRow,
    "audit",
    sa.Index(None, "organization_id", "id"),
    sa.Index(None, "provider_id", "id"),
    sa.Index(None, "consumer_id", "id"),
    sa.Index(None, "subject", "id"),
)
audit_kept.keep(audit)
idempotency: Final = _table(
    entities.IdempotencyRow, "idempotency", sa.Index(None, "created_at")
)
alert: Final = _table(
    entities.Alert,
    "alert",
    sa.Index(None, "organization_id", "id"),
    sa.Index(None, "key_id", "id"),
    sa.Index(None, "last_at"),
    sa.Index(None, "announced_at", "id"),
)
key_network: Final = _table(
    entities.KeyNetwork,
    "key_network",
    sa.Index(None, "key_id", "id"),
    sa.Index(None, "last_at"),
    _index_of_unset("key_network", "judged_at", "id"),
)
job: Final = _table(entities.Job, "job")
webhook: Final = _table(
    entities.Webhook,
    "webhook",
    sa.Index(None, "organization_id", "id"),
    organization_id="organization",
    project_id="project",
)
event: Final = _table(entities.Event, "event", sa.Index(None, "at"))
# No references: an endpoint or an event that is gone must hold up no command
# that has something to tell.
delivery: Final = _table(
    entities.Delivery,
    "delivery",
    sa.Index(None, "webhook_id", "id"),
    sa.Index(None, "webhook_id", "next_at"),
    sa.Index(None, "event_id"),
    sa.Index(None, "at"),
)
budget_mark: Final = _table(entities.BudgetMark, "budget_mark")
reminder: Final = _table(
    entities.Reminder,
    "reminder",
    organization_id="organization",
    key_id="key",
)
calendar: Final = _table(
    entities.Calendar,
    "calendar",
    _unique("digest", field="calendar"),
    sa.Index(None, "organization_id", "id"),
    organization_id="organization",
)
key_import: Final = _table(
    entities.KeyImport,
    "key_import",
    sa.Index(None, "organization_id", "id"),
    sa.Index(None, "project_id"),
    sa.Index(None, "state"),
    organization_id="organization",
    project_id="project",
)
# No reference to the secret: it may be gone before the worker comes by.
signal: Final = _table(entities.Signal, "signal")
token_revocation: Final = _table(
    entities.TokenRevocation,
    "token_revocation",
    sa.Index(None, "application_id"),
    sa.Index(None, "expires_at"),
    organization_id="organization",
    application_id="application",
)

ENTITY_TABLES: Final[Mapping[type[Any], sa.Table]] = {
    entities.Organization: organization,
    entities.Person: person,
    entities.Session: session,
    entities.Ticket: ticket,
    entities.Invitation: invitation,
    entities.Attempt: attempt,
    entities.Member: member,
    entities.Project: project,
    entities.Api: api,
    entities.HeldHost: held_host,
    entities.ApiHost: api_host,
    entities.UpstreamHeader: upstream_header,
    entities.Route: route,
    entities.Application: application,
    entities.Customer: customer,
    entities.ApplicationCustomer: application_customer,
    entities.Credit: credit,
    entities.Plan: plan,
    entities.PlanVersion: plan_version,
    entities.Subscription: subscription,
    entities.SubscriptionApi: subscription_api,
    entities.Key: key,
    entities.Access: access,
    entities.SecretRow: secret,
    entities.AuditRow: audit,
    entities.IdempotencyRow: idempotency,
    entities.Alert: alert,
    entities.KeyNetwork: key_network,
    entities.Job: job,
    entities.Webhook: webhook,
    entities.Event: event,
    entities.Delivery: delivery,
    entities.BudgetMark: budget_mark,
    entities.Reminder: reminder,
    entities.Calendar: calendar,
    entities.KeyImport: key_import,
    entities.Signal: signal,
    entities.TokenRevocation: token_revocation,
}
"""The table of each class of `core.entities`."""


def _id(name: str, *, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, _ASCII, primary_key=primary_key, nullable=False)


def _same_key(column: sa.Column[Any]) -> sa.Column[Any]:
    """A column of a primary key like one of another table's."""
    return sa.Column(
        column.name, column.type, primary_key=True, autoincrement=False, nullable=False
    )


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(
    name: str, *, primary_key: bool = False, nullable: bool = False
) -> sa.Column[int]:
    of = sa.BigInteger()
    # A number in a key is always given; no database is to make one up.
    return sa.Column(
        name, of, primary_key=primary_key, autoincrement=False, nullable=nullable
    )


# What keys are found by: see `core.key_words`. Written with the rows it is made of.
key_word: Final = sa.Table(
    "key_word",
    metadata,
    _id("key_id", primary_key=True),
    sa.Column("word", _ASCII, primary_key=True, nullable=False),
    _id("organization_id"),
    sa.Index(None, "organization_id", "word", "key_id"),
    sqlite_with_rowid=False,
)
# One row: the number of the last transaction that changed what nodes cache.
change_head: Final = sa.Table("change_head", metadata, _number("n"))
change: Final = sa.Table(
    "change",
    metadata,
    _number("seq", primary_key=True),
    _number("position", primary_key=True),
    _text("kind"),
    _id("entity_id"),
    _number("at", nullable=True),
)
node: Final = sa.Table(
    "node",
    metadata,
    _id("id", primary_key=True),
    _text("boot_id"),
    _text("kind"),
    _number("pid"),
    _number("applied_seq"),
    _number("confirmed_at"),
    _number("stale_us", nullable=True),
)
spool: Final = sa.Table(
    "spool",
    metadata,
    _id("id", primary_key=True),
    _id("node_id"),
    _text("boot_id"),
    _number("booked"),
    _number("closed_at", nullable=True),
)
# The id is the budget and its window, written out: see `ledger.budget_id`.
budget: Final = sa.Table(
    "budget",
    metadata,
    _id("id", primary_key=True),
    _id("provider_id"),
    _text("subject_kind"),
    _id("subject_id"),
    _text("environment"),
    _text("limit_name"),
    _number("window_start"),
    _number("window_end"),
    _number("used"),
    _number("leased"),
    # What `marking` knows: the amount, what of it counts, and the level told.
    _number("amount", nullable=True),
    _number("counted_from", nullable=True),
    _number("told_level", nullable=True),
    sa.Index(None, "window_end"),
)
lease: Final = sa.Table(
    "lease",
    metadata,
    _id("id", primary_key=True),
    _id("spool_id"),
    _id("budget_id"),
    _number("amount"),
    _number("settled"),
    _number("closed_at", nullable=True),
    _unique("spool_id", "budget_id", field="lease"),
    sa.ForeignKeyConstraint(["spool_id"], ["spool.id"]),
    sa.ForeignKeyConstraint(["budget_id"], ["budget.id"]),
    sa.Index(None, "budget_id"),
)

LATENCY: Final = tuple(f"latency_{slot:02}" for slot in range(LATENCY_SLOTS))
"""The columns of the latency histogram, in order."""
USAGE_SUMS: Final = ("requests", "units", "errors", "bytes_in", "bytes_out", *LATENCY)
"""The columns of usage that add up."""
USAGE_WHEN: Final = ("grain", "waiting", "start")
"""The columns that tell of what time a row is, where there is more than one grain."""

usage_bucket: Final = sa.Table(
    "usage_bucket",
    metadata,
    _number("minute", primary_key=True),
    _id("provider_id", primary_key=True),
    _id("consumer_id", primary_key=True),
    _id("api_id", primary_key=True),
    _id("route_id", primary_key=True),
    _id("key_id", primary_key=True),
    _number("secret_version", primary_key=True),
    _id("application_id", primary_key=True),
    sa.Column("environment", sa.Text(), primary_key=True, nullable=False),
    _id("subscription_id", primary_key=True),
    _number("verdict", primary_key=True),
    *(_number(name) for name in USAGE_SUMS),
    sa.Index(None, "provider_id", "minute"),
    sa.Index(None, "consumer_id", "minute"),
    sa.Index(None, "key_id", "minute"),
    sqlite_with_rowid=False,
)
# `core.grains`: what is in no coarser row yet waits, and is apart from what is.
# Whose it is comes first: SQLite would else read what all organizations have.
usage_rollup: Final = sa.Table(
    "usage_rollup",
    metadata,
    _id("provider_id", primary_key=True),
    *(_number(name, primary_key=True) for name in USAGE_WHEN),
    *(_same_key(column) for column in list(usage_bucket.primary_key)[2:]),
    *(_number(name) for name in USAGE_SUMS),
    sa.Index(None, *USAGE_WHEN),
    sa.Index(None, "consumer_id", *USAGE_WHEN),
    sa.Index(None, "key_id", *USAGE_WHEN),
    sqlite_with_rowid=False,
)
# Both organizations of a row have one here, whatever the number of their keys.
usage_total: Final = sa.Table(
    "usage_total",
    metadata,
    _id("organization_id", primary_key=True),
    *(_number(name, primary_key=True) for name in USAGE_WHEN),
    _id("api_id", primary_key=True),
    sa.Column("environment", sa.Text(), primary_key=True, nullable=False),
    _number("verdict", primary_key=True),
    *(_number(name) for name in USAGE_SUMS),
    sa.Index(None, *USAGE_WHEN),
    sqlite_with_rowid=False,
)
# From when on each grain is complete: what was before is deleted.
usage_kept: Final = sa.Table(
    "usage_kept", metadata, _number("grain", primary_key=True), _number("since")
)
# Who counts for a group's places is `core.observations`; each group has a row
# for what found none, and whoever books in the group locks that one first.
observation: Final = sa.Table(
    "observation",
    metadata,
    _number("day", primary_key=True),
    _id("provider_id", primary_key=True),
    _id("consumer_id", primary_key=True),
    _id("api_id", primary_key=True),
    _id("key_id", primary_key=True),
    _number("verdict", primary_key=True),
    sa.Column("dimension", sa.Text(), primary_key=True, nullable=False),
    sa.Column("value", sa.Text(), primary_key=True, nullable=False),
    _number("requests"),
    _number("first_at"),
    _number("last_at"),
    sa.Index(None, "provider_id", "day"),
    sa.Index(None, "consumer_id", "day"),
    sqlite_with_rowid=False,
)
request_log: Final = sa.Table(
    "request_log",
    metadata,
    _id("request_id", primary_key=True),
    _number("at"),
    _id("provider_id"),
    _id("consumer_id"),
    _id("api_id"),
    _id("route_id"),
    _id("key_id"),
    _number("secret_version"),
    _id("application_id"),
    _text("environment"),
    _id("subscription_id"),
    _number("verdict"),
    _text("method"),
    _text("path"),
    _text("address"),
    _number("status", nullable=True),
    _number("latency_us", nullable=True),
    # Of a user's token; NULL where a request came without one.
    _text("subject", nullable=True),
    _text("session", nullable=True),
    _text("token_id", nullable=True),
    sa.Index(None, "provider_id", "request_id"),
    sa.Index(None, "consumer_id", "request_id"),
    sa.Index(None, "key_id", "request_id"),
    sa.Index(None, "at"),
)
settlement: Final = sa.Table(
    "settlement",
    metadata,
    _id("request_id", primary_key=True),
    _number("units"),
    _number("at"),
    sa.Index(None, "at"),
)
"""What reserved calls came to, told by a call: each of them once."""
key_last_use: Final = sa.Table(
    "key_last_use",
    metadata,
    _id("key_id", primary_key=True),
    _number("secret_version", primary_key=True),
    _number("at"),
    _number("first_at", nullable=True),
)
