"""The rows of a part become keys: looked up together, written together."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import (
    Access,
    Api,
    Application,
    ImportAccess,
    ImportEffect,
    ImportProblem,
    Key,
    KeyImport,
    KeyKind,
    Project,
    SecretRow,
)
from keyhouse.core.imported import HIDDEN, NO_PEPPER, Candidate, candidates, hint_of
from keyhouse.core.imports import ImportRow
from keyhouse.core.validation import Problem
from keyhouse.services.catalog import hold_apis
from keyhouse.services.imports.commands import demand_project, open_wishes
from keyhouse.services.issue import Home, Opening, application_in
from keyhouse.services.refusals import Invalid
from keyhouse.services.work import Work


class _Kept(NamedTuple):
    """What a row's string is kept as, and what else it may be kept as elsewhere."""

    kept: Candidate
    others: tuple[Candidate, ...]
    hint: str

    @property
    def all(self) -> Iterable[Candidate]:
        return (self.kept, *self.others)


class Writing:
    """One part, in one transaction. Nothing is noted in the audit or the change log:

    the import is, when it is done.
    """

    def __init__(self, work: Work, row: KeyImport) -> None:
        self._work = work
        self._import = row
        self._peppers = [(pepper.id, pepper.key) for pepper in work.keyring.peppers]
        self._held: Mapping[str, Api] = {}
        self._opened: dict[tuple[ImportAccess, ...], tuple[Opening, ...] | Problem] = {}

    def write(
        self, rows: Sequence[ImportRow]
    ) -> tuple[list[ImportRow], list[ImportProblem]]:
        """The rows that became keys, and why others did not."""
        algorithms = self._algorithms(rows)
        named = {one.api for row in rows for one in self._wanted(row)}
        self._held = hold_apis(self._work, sorted(named))
        pairs = [(row, self._kept(row, algorithms)) for row in rows]
        taken = self._taken([kept for _, kept in pairs])
        fitting: list[tuple[ImportRow, _Kept]] = []
        problems: list[ImportProblem] = []
        for row, kept in pairs:
            fault = self._fault(row, kept, taken)
            if fault is None:
                fitting.append((row, kept))
                taken.update(kept.all)
            else:
                problems.append(_skipped(row, fault))
        self._insert(fitting)
        return [row for row, _ in fitting], problems

    def _algorithms(self, rows: Sequence[ImportRow]) -> tuple[str, ...]:
        """The plain hashes that strings of the project may be kept as."""
        project = self._work.own(Project, self._import.project_id)
        held = (project.imported, self._import.strings)
        known = {name for one in held if one is not None for name in one.algorithms}
        return tuple(sorted(known | {row.algorithm for row in rows if row.digest}))

    def _kept(self, row: ImportRow, algorithms: tuple[str, ...]) -> _Kept:
        if row.digest is not None:
            kept = Candidate(row.algorithm, NO_PEPPER, row.digest)
            return _Kept(kept, (), HIDDEN)
        text = row.string or ""
        first, *others = candidates(text.encode("ascii"), algorithms, self._peppers)
        return _Kept(first, tuple(others), hint_of(text))

    def _taken(self, kept: Iterable[_Kept]) -> set[Candidate]:
        """Those that the project holds already, of this import or another."""
        wanted = {one for each in kept for one in each.all}
        if not wanted:
            return set()
        found = self._work.tx.find(
            SecretRow,
            namespace=self._import.project_id,
            algorithm=tuple({one.algorithm for one in wanted}),
            pepper_id=tuple({one.pepper_id for one in wanted}),
            digest=tuple({one.digest for one in wanted}),
        )
        return {Candidate(row.algorithm, row.pepper_id, row.digest) for row in found}

    def _fault(self, row: ImportRow, kept: _Kept, taken: set[Candidate]) -> Problem | None:
        if any(one in taken for one in kept.all):
            field = "hash" if row.digest is not None else "secret"
            return Problem(field, "is imported already", "leave the row out")
        opened = self._opening(row)
        return opened if isinstance(opened, Problem) else None

    def _wanted(self, row: ImportRow) -> tuple[ImportAccess, ...]:
        return row.access or self._import.access

    def _opening(self, row: ImportRow) -> tuple[Opening, ...] | Problem:
        """What the row's key opens, or why it cannot; found once for all alike."""
        access = self._wanted(row)
        if not access:
            return Problem("access", "is missing", "name what the key opens")
        if access not in self._opened:
            try:
                opened = open_wishes(self._work, access, self._held)
                demand_project(self._import.project_id, access, self._held)
                self._opened[access] = opened
            except Invalid as invalid:
                self._opened[access] = invalid.problems[0]
        return self._opened[access]

    def _applications(self, rows: Sequence[ImportRow]) -> dict[tuple[str, str], str]:
        """The id of each application that rows name, made where there is none."""
        named = {_name_of(row): row for row in rows}
        named.pop(("", ""), None)
        found = self._found(named)
        missing = [
            self._application(row) for name, row in named.items() if name not in found
        ]
        self._work.tx.add_many(missing)
        for made in missing:
            found[_called(made)] = made.id
        if any(_name_of(row) == ("", "") for row in rows):
            found["", ""] = self._shared()
        return found

    def _found(self, named: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Those that are there: by external id, or else by name."""
        tx, project = self._work.tx, self._import.project_id
        externals = tuple(external for external, _ in named if external)
        names = tuple(name for external, name in named if not external)
        found: dict[tuple[str, str], str] = {}
        if externals:
            for row in tx.find(Application, project_id=project, external_id=externals):
                found[row.external_id or "", ""] = row.id
        if names:
            for row in tx.find(Application, project_id=project, name=names):
                found.setdefault(("", row.name), row.id)
        return found

    def _shared(self) -> str:
        """The application of rows that name none."""
        shared = self._import.application_id
        if shared is None:
            project_id = self._import.project_id
            home = Home(None, project_id)
            shared = application_in(self._work, home, project_id).id
        return shared

    def _application(self, row: ImportRow) -> Application:
        work = self._work
        return Application(
            id=work.new_id(ids.APPLICATION),
            organization_id=self._import.organization_id,
            project_id=self._import.project_id,
            name=row.application or row.name,
            external_id=row.external_id,
            created_at=work.now_us,
            updated_at=work.now_us,
            import_id=self._import.id,
        )

    def _insert(self, fitting: Sequence[tuple[ImportRow, _Kept]]) -> None:
        tx, applications = self._work.tx, self._applications([row for row, _ in fitting])
        keys = [self._key(row, applications[_name_of(row)]) for row, _ in fitting]
        made = list(zip(fitting, keys, strict=True))
        tx.add_many(keys)
        tx.add_many([one for (row, _), key in made for one in self._access(row, key)])
        tx.add_many([self._secret(kept, key) for (_, kept), key in made])

    def _key(self, row: ImportRow, application_id: str) -> Key:
        work = self._work
        return Key(
            id=work.new_id(ids.KEY),
            organization_id=self._import.organization_id,
            project_id=self._import.project_id,
            application_id=application_id,
            name=row.name,
            kind=KeyKind.SERVER,
            environment=row.environment or self._import.environment,
            limits=row.limits,
            ends_at=row.ends_at,
            disabled_at=None if row.enabled else work.now_us,
            metadata=row.metadata,
            created_by=work.actor.id,
            created_at=work.now_us,
            updated_at=work.now_us,
            import_id=self._import.id,
        )

    def _access(self, row: ImportRow, key: Key) -> Iterable[Access]:
        opened = self._opening(row)
        if isinstance(opened, Problem):
            return
        for one in opened:
            yield Access(
                id=f"{key.id}/{one.id}",
                key_id=key.id,
                resource=one.resource,
                resource_id=one.id,
                provider_id=key.organization_id,
                scopes=one.scopes,
                roles=one.roles,
                created_at=key.created_at,
            )

    def _secret(self, kept: _Kept, key: Key) -> SecretRow:
        return SecretRow(
            id=self._work.new_id(ids.SECRET),
            key_id=key.id,
            version=1,
            namespace=self._import.project_id,
            algorithm=kept.kept.algorithm,
            pepper_id=kept.kept.pepper_id,
            digest=kept.kept.digest,
            hint=kept.hint,
            starts_at=key.created_at,
            created_by=key.created_by,
            created_at=key.created_at,
        )


def _name_of(row: ImportRow) -> tuple[str, str]:
    """What the row calls its application: by external id, or by name alone."""
    if row.external_id:
        return row.external_id, ""
    return "", row.application or ""


def _called(row: Application) -> tuple[str, str]:
    return (row.external_id, "") if row.external_id else ("", row.name)


def _skipped(row: ImportRow, fault: Problem) -> ImportProblem:
    return ImportProblem(
        line=row.line,
        field=fault.field,
        reason=fault.reason,
        mend=fault.mend,
        effect=ImportEffect.SKIPPED,
    )
