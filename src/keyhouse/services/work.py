"""A use-case at work: one transaction, one actor, one moment.

Commands take a `Work` and queries a `Look`; `Office` opens both. So a command
never opens a transaction of its own, and an idempotency record or another
command joins the same one.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Final, Generic, NamedTuple, TypeVar

from keyhouse.core import ids
from keyhouse.core.entities import (
    Api,
    Application,
    AuditRow,
    Customer,
    Entity,
    ImportState,
    Key,
    KeyImport,
    Organization,
    Plan,
    Project,
    SecretRow,
    Webhook,
)
from keyhouse.core.keyring import Keyring
from keyhouse.core.validation import KnowsZone, Problem
from keyhouse.ports import (
    Clash,
    Clock,
    Conflict,
    Deadlocked,
    Entropy,
    Page,
    Range,
    Rows,
    Sealer,
    Transaction,
    UsageReports,
    WritingTransaction,
)
from keyhouse.services.actor import Actor
from keyhouse.services.events.announcing import announce
from keyhouse.services.placing import ANYWHERE, Placing
from keyhouse.services.refusals import Invalid, NotFound, Taken

T = TypeVar("T")
E = TypeVar("E", bound=Entity)
Owned = TypeVar(
    "Owned",
    Organization,
    Project,
    Api,
    Application,
    Customer,
    Plan,
    Key,
    KeyImport,
    Webhook,
)

PREFIXES: dict[type[Any], str] = {
    Organization: ids.ORGANIZATION,
    Project: ids.PROJECT,
    Api: ids.API,
    Application: ids.APPLICATION,
    Customer: ids.CUSTOMER,
    Plan: ids.PLAN,
    Key: ids.KEY,
    Webhook: ids.WEBHOOK,
    KeyImport: ids.IMPORT,
}
_MENDS = {
    Clash.TAKEN: "choose another",
    Clash.MISSING: "it may be gone since you looked; choose another",
    Clash.NEEDED: "remove first what refers to it",
}
_REST_SECONDS: Final = (0.02, 0.1, 0.3)
_UNTOLD = frozenset(("id", "organization_id", "created_at", "updated_at"))


class Written(NamedTuple, Generic[T]):
    """What a command gave, and the change log's number where it has one."""

    value: T
    seq: int | None


def own(tx: Transaction, actor: Actor, kind: type[Owned], id: str) -> Owned:
    """The row with that id in the actor's organization.

    Raises NotFound, and in the same words, where there is none, where it is
    another's, and where `id` could be none: such text reaches no database.
    """
    row = tx.get(kind, id) if ids.is_id(id, PREFIXES[kind]) else None
    if row is None or _holder(row) != actor.organization_id or _is_coming(tx, row):
        raise NotFound(kind.__name__.lower())
    return row


def _is_coming(tx: Transaction, row: Entity) -> bool:
    """Whether it is a key of an import that is not done: there for nobody yet."""
    if not isinstance(row, Key) or row.import_id is None:
        return False
    # Found, not got: that would have all who write to keys of one import wait in line.
    found = tx.find(KeyImport, id=row.import_id)
    return any(one.state is not ImportState.DONE for one in found)


def _holder(
    row: Organization
    | Project
    | Api
    | Application
    | Customer
    | Plan
    | Key
    | KeyImport
    | Webhook,
) -> str:
    return row.id if isinstance(row, Organization) else row.organization_id


@dataclass(frozen=True, slots=True)
class Look:
    """A reading use-case: one snapshot."""

    tx: Transaction
    actor: Actor
    now_us: int
    reports: UsageReports
    keyring: Keyring

    def own(self, kind: type[Owned], id: str) -> Owned:
        """The actor's own row with that id; NotFound for any other."""
        return own(self.tx, self.actor, kind, id)

    def page(
        self,
        kind: type[Entity],
        turn: "Turn",
        equals: Mapping[str, object],
        contains: Mapping[str, str] | None = None,
        within: Mapping[str, Range] | None = None,
        unless: Mapping[str, Sequence[str]] | None = None,
        either: Mapping[str, object] | None = None,
    ) -> Page:
        """A page of rows that fit; Invalid for a cursor that is not one of ours."""
        try:
            return self.tx.page(
                kind,
                after=turn.cursor,
                limit=turn.limit,
                contains=contains,
                within=within,
                unless=unless,
                either=either,
                **equals,
            )
        except ValueError:
            raise bad_cursor() from None


class Turn(NamedTuple):
    """Which page of a list is wanted."""

    cursor: str | None = None
    limit: int = 50


def bad_cursor() -> Invalid:
    """The refusal of a cursor that no answer of ours told."""
    mend = "send the next_cursor of an earlier answer, or none"
    return Invalid([Problem("cursor", "is no cursor of this list", mend)])


@dataclass(frozen=True, slots=True)
class Work:
    """A writing use-case. All that it writes is written with its audit row."""

    tx: WritingTransaction
    actor: Actor
    now_us: int
    keyring: Keyring
    entropy: Entropy
    secret_prefix: str
    knows_zone: KnowsZone
    placing: Placing = ANYWHERE
    sealer: Sealer | None = None

    def own(self, kind: type[Owned], id: str) -> Owned:
        """The actor's own row with that id, locked; NotFound for any other."""
        return own(self.tx, self.actor, kind, id)

    def new_id(self, prefix: str) -> str:
        """A fresh id of that kind."""
        return ids.make_id(prefix, self.now_us, self.entropy.take(ids.ENTROPY_BYTES))

    def add(self, action: str, row: E) -> E:
        """Insert a row and note it."""
        self.tx.insert(row)
        self.note(action, row.id, after=told(row))
        return row

    def change(self, action: str, row: E, **changes: object) -> E:
        """Write what differs and note it; nothing where nothing does."""
        real = {n: value for n, value in changes.items() if getattr(row, n) != value}
        if not real:
            return row
        before = {name: plain(getattr(row, name)) for name in real}
        new = self.tx.update(row, **real, updated_at=self.now_us)
        after = {name: plain(value) for name, value in real.items()}
        self.note(action, row.id, before, after)
        return new

    def drop(self, action: str, row: Entity) -> None:
        """Delete a row for good and note what it was."""
        self.tx.remove(row)
        self.note(action, row.id, before=told(row))

    def note(
        self,
        action: str,
        subject: str,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
        *,
        between: tuple[str, str] | None = None,
    ) -> None:
        """Add an audit row. What goes in may be read by all who may read audits.

        Endpoints that chose it are told, as far as `core.events` says. `between`
        are the provider and the consumer, where two organizations have to do with it.
        """
        organization = self.actor.organization_id
        row = AuditRow(
            id=self.new_id(ids.AUDIT),
            at=self.now_us,
            organization_id=organization,
            provider_id=between[0] if between else organization,
            consumer_id=between[1] if between else organization,
            actor=self.actor.id,
            action=action,
            subject=subject,
            before=before or {},
            after=after or {},
            address=self.actor.address,
            request_id=self.actor.request_id,
        )
        self.tx.insert(row)
        announce(self.tx, row, self.new_id)


@dataclass(frozen=True, slots=True)
class Office:
    """The ports that the control plane works with."""

    rows: Rows
    reports: UsageReports
    clock: Clock
    entropy: Entropy
    keyring: Keyring
    secret_prefix: str
    knows_zone: KnowsZone
    placing: Placing = ANYWHERE
    sealer: Sealer | None = None

    def read(self, actor: Actor, ask: Callable[[Look], T]) -> T:
        """Run a query on one snapshot."""
        with self.rows.reading() as tx:
            now_us = self.clock.now_us()
            return ask(Look(tx, actor, now_us, self.reports, self.keyring))

    def write(self, actor: Actor, act: Callable[[Work], T]) -> Written[T]:
        """Run a command in one transaction.

        Where it and another waited for each other, it is run again, a few times.
        Raises Taken where what it wrote clashes with what is there.
        """
        for rest_seconds in _REST_SECONDS:
            try:
                return self._written(actor, act)
            except Deadlocked:
                # At once it might come before the other, which has yet to wake up,
                # and both would wait for each other again.
                time.sleep(rest_seconds)
        return self._written(actor, act)

    def _written(self, actor: Actor, act: Callable[[Work], T]) -> Written[T]:
        try:
            with self.rows.writing() as tx:
                value = act(self.work(tx, actor))
        except Conflict as conflict:
            mend = _MENDS[conflict.clash]
            raise Taken(conflict.field, conflict.clash.value, mend) from None
        return Written(value, tx.seq)

    def new_id(self, prefix: str, now_us: int) -> str:
        """A fresh id of that kind, for what belongs to no organization."""
        return ids.make_id(prefix, now_us, self.entropy.take(ids.ENTROPY_BYTES))

    def work(self, tx: WritingTransaction, actor: Actor) -> Work:
        """A command's means in a transaction that is open already."""
        return Work(
            tx,
            actor,
            self.clock.now_us(),
            self.keyring,
            self.entropy,
            self.secret_prefix,
            self.knows_zone,
            self.placing,
            self.sealer,
        )


def told(row: Entity) -> dict[str, Any]:
    """What an audit row tells of a row; of a secret no more than its hint.

    What a row hides from its own repr, hashes and digests, is not told.
    """
    names = (
        ("key_id", "version", "hint", "starts_at", "ends_at")
        if isinstance(row, SecretRow)
        else (one.name for one in fields(row) if one.repr and one.name not in _UNTOLD)
    )
    return {name: plain(getattr(row, name)) for name in names}


def plain(value: object) -> object:
    """A field's value as JSON has it."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return plain(asdict(value))  # type: ignore[call-overload] # a dataclass it is
    return value


def switched(
    work: Work,
    row: Project | Api | Application | Customer | None,
    changes: Mapping[str, Any],
) -> dict[str, Any]:
    """`changes` with `disabled` told as the time since when it is so."""
    rest = {name: value for name, value in changes.items() if name != "disabled"}
    if "disabled" in changes:
        since = (row and row.disabled_at) or work.now_us
        rest["disabled_at"] = since if changes["disabled"] else None
    return rest
