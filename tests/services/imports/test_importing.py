"""Keys of other systems are there all at once or not at all, and audited as one thing."""

import hashlib
import json
from base64 import b64encode

import pytest

from keyhouse.core.entities import (
    Access,
    Application,
    AuditRow,
    Environment,
    ImportAccess,
    ImportEnd,
    ImportFormat,
    ImportMode,
    ImportState,
    Key,
    KeyImport,
    KeyKind,
    Project,
    Reminder,
    ReminderKind,
    SecretRow,
)
from keyhouse.core.imported import candidates
from keyhouse.core.moments import format_time
from keyhouse.core.records import PartRef
from keyhouse.core.rotation import DAY_US
from keyhouse.ports import Clash, Conflict, WritingTransaction
from keyhouse.services import imports, issue
from keyhouse.services.actor import all_powerful
from keyhouse.services.imports import ImportWish, undoing
from keyhouse.services.imports.parts import PROBLEMS_KEPT
from keyhouse.services.imports.undoing import IDLE_US, ROWS_AT_ONCE
from keyhouse.services.issue import KeyFilter
from keyhouse.services.refusals import Forbidden, Invalid, NotFound, Taken
from keyhouse.services.rotation import create_calendar, read_feed
from keyhouse.services.tenants import create_project, delete_project
from keyhouse.services.work import Turn, Work
from tests.scale.at_home import statements
from tests.servers.acme import MINUTE_US, Acme
from tests.servers.control import PEPPER
from tests.services.imports.files import (
    SCOPES,
    WEATHER,
    begin,
    bring,
    csv_of,
    hashes_of,
    string,
    tidied,
)
from tests.services.rotation.working import Letters, reminded


@pytest.fixture(autouse=True)
def weather(acme: Acme) -> str:
    return acme.api("weather", scopes=SCOPES)


ALL = KeyFilter()


def listed(acme: Acme, wanted: KeyFilter = ALL) -> list[str]:
    page = acme.read(lambda look: issue.list_keys(look, Turn(None, 100), wanted))
    kinds = {view.key.name: view.key.kind for view in page.rows}
    return sorted(name for name, kind in kinds.items() if kind is KeyKind.SERVER)


def opened_by(acme: Acme, number: int, *algorithms: str) -> str | None:
    """The key that the data plane finds by a string."""
    raw = string(number).encode()
    kept = candidates(raw, algorithms, [(PEPPER.id, PEPPER.key)])
    found = acme.database.keys.find_imported(acme.project, kept).found
    return None if found is None else found.key_id


def test_keys_are_there_for_nobody_until_the_import_is_done(acme: Acme) -> None:
    row = begin(acme, csv_of(range(5)), rows_max=2)
    assert (row.parts, row.rows, row.imported) == (3, 5, 5)
    assert listed(acme) == []
    assert listed(acme, KeyFilter(api="weather")) == []
    assert opened_by(acme, 1) is None
    with acme.office.rows.reading() as tx:
        hidden = tx.find(Key, import_id=row.id)[0]
    with pytest.raises(NotFound):
        acme.read(lambda look: issue.get_key(look, hidden.id))
    with pytest.raises(NotFound):
        acme.read(lambda look: issue.list_secrets(look, hidden.id))
    with pytest.raises(NotFound):
        acme.write(lambda work: issue.revoke_key(work, hidden.id))

    done = acme.write(lambda work: imports.finish_import(work, row.id))
    assert done.state is ImportState.DONE
    assert listed(acme) == [f"Caller {n}" for n in range(5)]
    assert listed(acme, KeyFilter(api="weather")) == [f"Caller {n}" for n in range(5)]
    assert listed(acme, KeyFilter(import_id=row.id)) == [f"Caller {n}" for n in range(5)]
    assert opened_by(acme, 1) is not None
    again = acme.write(lambda work: imports.finish_import(work, row.id))
    assert again == done


def test_names_of_all_rows_of_a_part_are_looked_up_together(acme: Acme) -> None:
    """Else rows that differ have all who write wait for a look-up for each name."""
    bring(acme, csv_of([0]))  # makes the application of those that name none
    counts = []
    for rows in (2, 40):
        file = [
            {
                "name": f"Caller {number}",
                "secret": string(100 * rows + number),
                "access": [
                    {"api": "weather", "scopes": []},
                    *({"api": f"nope-{number}-{one}"} for one in range(number % 2 * 20)),
                ],
            }
            for number in range(rows)
        ]
        with statements(acme.database) as asked:
            row = bring(acme, json.dumps(file, indent=1), format="json", access=())
        assert (row.imported, row.skipped) == (rows // 2, rows // 2)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_an_import_is_one_line_of_the_audit_and_of_the_change_log(
    acme: Acme, weather: str
) -> None:
    """A hundred thousand keys that nobody can have cached are no news to a node."""
    head = acme.database.keys.load([]).seq
    row = bring(acme, csv_of(range(30)), rows_max=10)
    with acme.office.rows.reading() as tx:
        audit = {one.action: one for one in tx.find(AuditRow, subject=row.id)}
        assert not tx.find(AuditRow, action="secret.create", actor=acme.actor.id)
    assert audit.keys() == {"import.create", "import.finish"}
    finished = audit["import.finish"]
    assert (finished.after["imported"], finished.after["format"]) == (30, "csv")
    assert finished.actor == acme.actor.id
    feed = acme.database.feed()
    changed = [change.part for change in feed.read(head).rows]
    feed.close()
    parts = {PartRef("project", acme.project), PartRef("api", weather)}
    assert parts < set(changed)
    assert {one.kind for one in changed} == {"project", "api", "application"}
    assert len(changed) == 3


def test_the_project_tells_the_data_plane_what_may_come(acme: Acme, weather: str) -> None:
    bring(acme, csv_of(range(3)))
    bring(acme, hashes_of(range(10, 13), "sha512"))
    part = PartRef("api", weather)
    api = acme.database.keys.load([part]).parts[part]
    assert api.imported.algorithms == ("sha512",)  # type: ignore[union-attr] # an API it is
    assert (api.imported.length_min, api.imported.length_max) == (16, 128)  # type: ignore[union-attr] # as above
    assert opened_by(acme, 11, "sha512") is not None


def test_the_string_is_kept_nowhere_and_told_by_its_end_at_most(acme: Acme) -> None:
    bring(acme, csv_of([1]))
    short = "exactly-16-chars"
    bring(acme, f"name,secret\nShort,{short}\n")
    bring(acme, hashes_of([2]))
    with acme.office.rows.reading() as tx:
        rows = {row.hint for row in tx.find(SecretRow, namespace=acme.project)}
        everything = repr([tx.find(kind) for kind in (Key, SecretRow, AuditRow, Project)])
    assert rows == {f"…{string(1)[-4:]}", "…"}
    assert string(1) not in everything
    assert short not in everything


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_a_hash_is_taken_in_hex_and_in_base64(acme: Acme, algorithm: str) -> None:
    digest = hashlib.new(algorithm, string(1).encode()).digest()
    other = hashlib.new(algorithm, string(2).encode()).digest()
    text = f"name,hash,algorithm\nA,{digest.hex().upper()},{algorithm}\n"
    bring(acme, f"{text}B,{b64encode(other).decode().rstrip('=')},{algorithm}\n")
    assert opened_by(acme, 1, algorithm) is not None
    assert opened_by(acme, 2, algorithm) is not None


def test_rows_with_faults_are_left_out_and_told_by_line(acme: Acme) -> None:
    text = (
        "name,secret,ends_at\n"
        f"Good,{string(1)},\n"
        f"Twice,{string(1)},\n"
        "Weak,short,\n"
        f",{string(3)},\n"
        f"Late,{string(4)},yesterday\n"
    )
    row = bring(acme, text, rows_max=2)
    assert (row.state, row.imported, row.skipped) == (ImportState.DONE, 1, 4)
    told = [(one.line, one.field) for one in row.problems]
    assert told == [(3, "secret"), (4, "secret"), (5, "name"), (6, "ends_at")]
    assert listed(acme) == ["Good"]


def test_all_problems_are_counted_and_the_first_are_told(acme: Acme) -> None:
    row = bring(acme, "name,secret\n" + "Weak,short\n" * 250, rows_max=60)
    assert row.problems_count == 250
    assert [one.line for one in row.problems] == list(range(2, PROBLEMS_KEPT + 2))
    assert row.strings is None


def test_a_string_that_is_there_already_is_left_out_in_whatever_form(acme: Acme) -> None:
    bring(acme, hashes_of([1]))
    row = bring(acme, csv_of([1, 2]))
    assert (row.imported, row.skipped) == (1, 1)
    again = bring(acme, csv_of([2, 3]) + f"Once more,{string(3)}\n")
    assert (again.imported, again.skipped) == (1, 2)
    beside = f"Hashed,,{hashlib.sha256(string(9).encode()).hexdigest()}\n"
    both = bring(acme, f"name,secret,hash\nPlain,{string(9)},\n{beside}")
    assert (both.imported, both.skipped) == (1, 1)


def test_a_strict_import_with_a_fault_leaves_nothing(acme: Acme) -> None:
    text = csv_of(range(ROWS_AT_ONCE + 30)) + "Weak,short\n"
    row = bring(acme, text, mode=ImportMode.STRICT)
    assert (row.state, row.ended) == (ImportState.UNDOING, ImportEnd.WARNINGS)
    assert listed(acme) == []
    undone = tidied(acme, row)
    assert undone.state is ImportState.UNDONE
    assert undone.problems[0].line == ROWS_AT_ONCE + 32
    with acme.office.rows.reading() as tx:
        assert tx.find(Key, import_id=row.id) == []
        assert tx.find(SecretRow, namespace=acme.project) == []
        project = tx.get(Project, acme.project)
        assert project is not None
        assert project.imported is None
        (noted,) = tx.find(AuditRow, action="import.undone")
    assert (noted.actor, noted.subject) == ("worker", row.id)
    assert bring(acme, csv_of(range(3)), mode=ImportMode.STRICT).state is ImportState.DONE


def test_a_dry_run_tells_the_same_and_leaves_nothing(acme: Acme) -> None:
    text = csv_of(range(3)) + f"Twice,{string(0)}\n"
    dry = bring(acme, text, mode=ImportMode.DRY_RUN)
    assert (dry.imported, dry.skipped) == (3, 1)
    assert tidied(acme, dry).state is ImportState.UNDONE
    real = bring(acme, text)
    assert (real.imported, real.problems) == (dry.imported, dry.problems)


def test_applications_are_found_or_made_and_go_with_what_is_undone(acme: Acme) -> None:
    text = (
        "name,secret,application,external_id\n"
        f"A,{string(1)},Globex,crm-1\nB,{string(2)},Globex,crm-1\n"
        f"C,{string(3)},Named,\nD,{string(4)},,\n"
    )
    row = begin(acme, text)
    acme.write(lambda work: imports.cancel_import(work, row.id))
    assert tidied(acme, row).state is ImportState.UNDONE

    def applications() -> dict[str, str | None]:
        with acme.office.rows.reading() as tx:
            return {row.name: row.external_id for row in tx.find(Application)}

    assert "Globex" not in applications()
    bring(acme, text)
    found = applications()
    assert (found["Globex"], found["Named"], found["default"]) == ("crm-1", None, None)
    with acme.office.rows.reading() as tx:
        keys = {key.name: key.application_id for key in tx.find(Key)}
    assert keys["A"] == keys["B"] != keys["C"] != keys["D"]


def test_an_application_that_somebody_uses_meanwhile_stays(acme: Acme) -> None:
    text = f"name,secret,external_id\nA,{string(1)},crm-1\nB,{string(2)},crm-2\n"
    row = begin(acme, text)
    acme.key("Mine", application=issue.ApplicationWish("x", "crm-1"))
    acme.write(lambda work: imports.cancel_import(work, row.id))
    assert tidied(acme, row).state is ImportState.UNDONE
    with acme.office.rows.reading() as tx:
        kept = tx.find(Application, external_id=("crm-1", "crm-2"))
    assert [(one.external_id, one.import_id) for one in kept] == [("crm-1", None)]
    assert listed(acme) == ["Mine"]


def test_a_row_says_more_than_the_import(acme: Acme) -> None:
    acme.api("maps", scopes=("tiles:read",))
    text = (
        "name,secret,environment,access,enabled,ends_at,limits,metadata\n"
        f"Full,{string(1)},test,maps:tiles:read; weather,FALSE,2035-01-01T00:00:00Z,"
        'per-minute=60/60:10; daily=1000/day@Europe/Berlin,"{""tier"": ""gold""}"\n'
        f"Plain,{string(2)},,,,,,\n"
        f"Unknown,{string(3)},,nowhere,,,,\n"
    )
    row = bring(acme, text)
    assert [(one.line, one.field) for one in row.problems] == [(4, "access.0.api")]
    with acme.office.rows.reading() as tx:
        keys = {key.name: key for key in tx.find(Key, import_id=row.id)}
        access = tx.find(Access, key_id=keys["Full"].id)
    full, plain = keys["Full"], keys["Plain"]
    assert full.environment is Environment.TEST
    assert plain.environment is Environment.LIVE
    assert full.disabled_at is not None
    assert full.ends_at == 2_051_222_400_000_000
    assert [limit.name for limit in full.limits] == ["per-minute", "daily"]
    assert full.metadata == {"tier": "gold"}
    assert sorted(one.scopes for one in access) == [(), ("tiles:read",)]
    assert (plain.limits, plain.metadata, plain.disabled_at) == ((), {}, None)


def test_parts_come_in_order_and_a_part_twice_is_one(acme: Acme) -> None:
    row = begin(acme, csv_of(range(4)), rows_max=2)
    form, zones = row.format, acme.office.knows_zone
    again = imports.read_part(form, 2, csv_of([2, 3]), 4, zones)
    same = acme.write(lambda work: imports.add_part(work, row.id, again))
    assert (same.parts, same.rows, same.imported) == (2, 4, 4)
    early = imports.read_part(form, 4, csv_of([9]), None, zones)
    with pytest.raises(Taken) as taken:
        acme.write(lambda work: imports.add_part(work, row.id, early))
    assert "send part 3" in taken.value.problem.mend
    acme.write(lambda work: imports.finish_import(work, row.id))
    late = imports.read_part(form, 3, csv_of([9]), None, zones)
    with pytest.raises(Taken):
        acme.write(lambda work: imports.add_part(work, row.id, late))
    with pytest.raises(Taken):
        acme.write(lambda work: imports.cancel_import(work, row.id))


def test_one_import_at_a_time_into_a_project(acme: Acme) -> None:
    """Else two that bring the same strings would not see each other."""
    row = begin(acme, csv_of([1]))
    with pytest.raises(Taken) as taken:
        begin(acme, csv_of([2]))
    assert row.id in taken.value.problem.reason


def state_of(acme: Acme, row: KeyImport) -> ImportState:
    return acme.read(lambda look: imports.get_import(look, row.id)).state


def ending_in_a_week(acme: Acme) -> str:
    """A file of a key that one is reminded of in a minute."""
    ends_at = format_time(acme.clock.now_us() + 7 * DAY_US + MINUTE_US)
    return f"name,secret,ends_at\nOld,{string(1)},{ends_at}\n"


def fed(acme: Acme, token: str) -> list[str]:
    """The keys that a calendar program shows."""
    feed = read_feed(acme.office, token)
    return [] if feed is None else [one.key.name for one in feed.events]


def test_nobody_is_told_when_a_key_ends_that_is_not_there_yet(acme: Acme) -> None:
    row = begin(acme, ending_in_a_week(acme))
    operator = all_powerful("operator", acme.organization)
    made = acme.write(lambda work: create_calendar(work, "Ours"), operator)
    acme.go_on(120)
    letters = Letters()
    assert reminded(acme, letters) == 0
    assert fed(acme, made.token) == []
    acme.write(lambda work: imports.finish_import(work, row.id))
    assert reminded(acme, letters) == 1
    assert fed(acme, made.token) == ["Old"]


def test_an_import_is_undone_though_somebody_was_reminded_of_its_keys(
    acme: Acme,
) -> None:
    """As earlier versions did."""
    row = begin(acme, ending_in_a_week(acme))
    with acme.office.rows.writing() as tx:
        (key,) = tx.find(Key, import_id=row.id)
        tx.insert(
            Reminder(
                id=f"{key.id}/expiry",
                organization_id=key.organization_id,
                key_id=key.id,
                kind=ReminderKind.EXPIRY,
                due_at=key.ends_at or 0,
                days=7,
                at=acme.clock.now_us(),
            )
        )
    acme.write(lambda work: imports.cancel_import(work, row.id))
    assert tidied(acme, row).state is ImportState.UNDONE


def test_an_import_that_cannot_be_undone_holds_up_no_other(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = begin(acme, csv_of([1]))
    acme.write(lambda work: imports.cancel_import(work, stuck.id))
    acme.go_on(1)
    other = begin(acme, csv_of([2]), project=acme.write(_second_project), access=())
    acme.write(lambda work: imports.cancel_import(work, other.id))
    remove = undoing._remove_keys

    def fail(tx: WritingTransaction, id: str) -> bool:
        if id == stuck.id:
            raise Conflict("id", Clash.NEEDED)
        return remove(tx, id)

    monkeypatch.setattr(undoing, "_remove_keys", fail)
    with pytest.raises(ExceptionGroup) as failed:
        tidied(acme, other)
    assert stuck.id in str(failed.value.exceptions[0].__notes__)
    assert state_of(acme, stuck) is ImportState.UNDOING
    assert state_of(acme, other) is ImportState.UNDONE


def test_what_nobody_goes_on_with_is_undone(acme: Acme) -> None:
    row = begin(acme, csv_of([1]))
    assert tidied(acme, row).state is ImportState.OPEN
    acme.go_on(IDLE_US / 1_000_000)
    undone = tidied(acme, row)
    assert (undone.state, undone.ended) == (ImportState.UNDONE, ImportEnd.ABANDONED)


def test_an_api_of_another_project_is_refused(acme: Acme) -> None:
    """Its callers would be refused: strings are looked up in the project called."""
    other = acme.write(_second_project)
    with pytest.raises(Invalid) as invalid:
        begin(acme, csv_of([1]), project=other)
    assert invalid.value.problems[0].field == "access.0.api"


def _second_project(work: Work) -> str:
    return create_project(work, name="Second").id


def test_aws_names_no_api_so_the_import_does(acme: Acme) -> None:
    with pytest.raises(Invalid):
        begin(acme, "name,key\n", format="aws", access=())
    row = bring(acme, csv_of([1]), access=())
    assert (row.imported, row.problems[0].field) == (0, "access")


def test_aws_files_come_with_descriptions_and_without_plans(acme: Acme) -> None:
    text = (
        "Enabled,Name,key,UsageplanIds,description\n"
        f'true,First,{string(1)},"c7y23b,glvrsr",An imported key\n'
        f"FALSE,{'n' * 130},{string(2)},,\n"
    )
    row = bring(acme, text, format="aws")
    assert (row.imported, row.skipped, row.lessened) == (2, 0, 2)
    assert [one.field for one in row.problems] == ["usagePlanIds", "name"]
    with acme.office.rows.reading() as tx:
        keys = {key.name: key for key in tx.find(Key, import_id=row.id)}
    plans = {"description": "An imported key", "usage_plan_ids": ["c7y23b", "glvrsr"]}
    assert keys["First"].metadata == plans
    assert keys["n" * 120].disabled_at is not None
    strict = bring(acme, text.replace("old.", "new."), format="aws", mode=ImportMode.STRICT)
    assert strict.state is ImportState.UNDOING


def test_who_may_write_one_api_alone_imports_nothing(acme: Acme, weather: str) -> None:
    """What is imported is looked up for all of the project."""
    wish = ImportWish(format=ImportFormat.CSV, access=WEATHER)
    with pytest.raises(Forbidden):
        acme.write(
            lambda work: imports.create_import(work, wish),
            acme.holding("keys:write", on=weather),
        )
    reader = acme.holding("keys:read")
    with pytest.raises(Forbidden):
        acme.write(lambda work: imports.create_import(work, wish), reader)
    row = begin(acme, csv_of([1]))
    with pytest.raises(NotFound):
        acme.read(
            lambda look: imports.get_import(look, row.id),
            acme.holding("keys:read", on=weather),
        )


def test_a_key_is_found_by_its_string_and_rotated_to_one_of_ours(acme: Acme) -> None:
    bring(acme, csv_of([1]))
    bring(acme, hashes_of([2]))
    found = acme.read(lambda look: issue.find_key(look, string(1)))
    assert found.key.name == "Caller 1"
    assert acme.read(lambda look: issue.find_key(look, string(2))).key.name == "Caller 2"
    with pytest.raises(NotFound):
        acme.read(lambda look: issue.find_key(look, string(3)))
    made = acme.write(lambda work: issue.rotate_key(work, found.key.id, 60))
    assert made.issued.secret.reveal().startswith("kh_sk_live_")
    states = acme.read(lambda look: issue.list_secrets(look, found.key.id))
    assert [one.state.value for one in states] == ["active", "ending"]
    assert [bool(one.secret.namespace) for one in states] == [False, True]


def test_two_tenants_may_import_the_same_string(acme: Acme) -> None:
    other = Acme(acme.office, acme.database, "other@example.com")
    other.api("climate", scopes=SCOPES)
    bring(acme, csv_of([1]))
    row = bring(other, csv_of([1]), access=(ImportAccess(api="climate"),))
    assert (row.imported, row.skipped) == (1, 0)
    mine = acme.read(lambda look: issue.find_key(look, string(1)))
    theirs = other.read(lambda look: issue.find_key(look, string(1)))
    assert mine.key.organization_id == acme.organization
    assert theirs.key.organization_id == other.organization


def test_an_empty_project_goes_with_what_is_told_of_its_imports(acme: Acme) -> None:
    project = acme.write(_second_project)
    access: tuple[ImportAccess, ...] = ()
    row = begin(acme, csv_of([1]), project=project, access=access)
    with pytest.raises(Taken):
        acme.write(lambda work: delete_project(work, project))
    acme.write(lambda work: imports.cancel_import(work, row.id))
    tidied(acme, row)
    acme.write(lambda work: delete_project(work, project))
