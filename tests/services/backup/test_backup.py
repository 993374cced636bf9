"""A backup holds one moment of an installation, and brings it back on either database."""

import errno
import io
import stat
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from keyhouse import Keyhouse, wiring
from keyhouse.adapters.archive import new_archive
from keyhouse.adapters.archive.sealed import CHUNK, SealingStream, unsealed
from keyhouse.adapters.database import portable
from keyhouse.adapters.database.engine import create_engine, writing
from keyhouse.adapters.database.tables import budget, change_head, job, lease
from keyhouse.core import entities
from keyhouse.core.entities import AlertKind, Limit, LimitKind, Window
from keyhouse.core.grains import Grain
from keyhouse.core.verdict import Verdict
from keyhouse.ports import DamagedBackup
from keyhouse.services import catalog, prepaid
from keyhouse.services.backup import FORMAT
from keyhouse.services.prepaid import CreditWish
from keyhouse.settings import SettingsError
from tests.servers.acme import Acme
from tests.services.backup.conftest import KINDS, Place

MakePlace = Callable[[str, str], Place]
QUOTA = Limit(name="monthly", kind=LimitKind.QUOTA, amount=5, window=Window.MONTH)
PASSPHRASE = "correct horse battery staple"


def furnish(place: Place) -> str:
    """Rows in every table that a tenant fills; a key's secret."""
    with place.opened() as (database, office):
        acme = Acme(office, database, "second@example.com")
        acme.clock.at_us = office.clock.now_us()
        acme.api(
            limits=(QUOTA,), scopes=("forecast:read",), roles={"r": ("forecast:read",)}
        )
        acme.write(
            lambda work: catalog.set_upstream_header(work, "weather", "X-Key", "secret")
        )
        acme.write(
            lambda work: catalog.create_route(
                work, "weather", method="GET", path="/a", fields={}
            )
        )
        customer = acme.write(
            lambda work: catalog.create_customer(
                work,
                external_id="crm-\U0001f600",
                project=acme.project,
                fields={"metadata": {"a": [1.5, None, {"ü\u2028": 2**60}]}},
            )
        )
        wish = CreditWish(10, entities.CreditKind.GRANT)
        acme.write(lambda work: prepaid.add_credit(work, customer.id, wish))
        made = acme.key()
        acme.book(made, 3, minutes_ago=3000)
        with office.rows.writing() as tx:
            assert tx.roll_up_usage(Grain.MINUTE, 1 << 40, 10) == 1
        before_us = acme.clock.now_us()
        assert database.upkeep.prune_usage(Grain.MINUTE, before_us, 10) > 0
        acme.book(made, 3, minutes_ago=5)
        acme.attempt("weather", {"192.0.2.0/24": 2})
        acme.spend(made, QUOTA, 2)
        acme.alert(made.view.key, AlertKind.SERVER_KEY_IN_BROWSER, acme.clock.now_us())
        return made.issued.secret.reveal()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_what_is_restored_is_what_was_there(
    source: Place, make: MakePlace, tmp_path: Path, kind: str, passphrase: str | None
) -> None:
    """On either database, whichever it came from: so an installation can move up."""
    furnish(source)
    out = tmp_path / "a.backup"
    source.back_up(out, passphrase)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    target = make("target", kind)
    target.restore(out, passphrase)
    before, after = source.rows(), target.rows()
    assert len(before["usage_bucket"]) > 1
    assert len([name for name, rows in before.items() if rows]) > 15
    assert after == before
    keyring = target.settings.keyring_path
    assert keyring.read_bytes() == source.settings.keyring_path.read_bytes()
    assert stat.S_IMODE(keyring.stat().st_mode) == 0o600


def test_without_usage_what_was_counted_is_left_out(
    source: Place, make: MakePlace, tmp_path: Path
) -> None:
    furnish(source)
    source.back_up(tmp_path / "a.backup", with_usage=False)
    target = make("target", "sqlite")
    target.restore(tmp_path / "a.backup")
    before, after = source.rows(), target.rows()
    gone = {name for name in before if before[name] != after[name]}
    rolled = {"usage_rollup", "usage_total", "usage_kept"}
    assert gone == {"usage_bucket", "observation"} | rolled
    assert not any(after[name] for name in gone)


def test_a_backup_holds_one_moment_while_others_write(
    source: Place, make: MakePlace, tmp_path: Path
) -> None:
    """Pairs of rows in two tables are written together: none is in it alone."""
    done = threading.Event()
    with source.opened() as (database, office):
        acme = Acme(office, database, "writer@example.com")

        def pair(number: int) -> None:
            def act(work: object) -> None:
                one = catalog.create_customer(
                    work,  # type: ignore[arg-type] # as the office gives it
                    external_id=f"crm-{number}",
                    project=acme.project,
                    fields={},
                )
                wish = CreditWish(1, entities.CreditKind.GRANT)
                prepaid.add_credit(work, one.id, wish)  # type: ignore[arg-type]

            acme.write(act)

        def go_on() -> None:
            number = 100
            while not done.is_set():
                number += 1
                pair(number)

        for number in range(100):
            pair(number)
        writer = threading.Thread(target=go_on)
        writer.start()
        try:
            for number in range(3):
                source.back_up(tmp_path / f"{number}.backup")
        finally:
            done.set()
            writer.join()
    for number in range(3):
        target = make(f"target{number}", "sqlite")
        target.restore(tmp_path / f"{number}.backup")
        rows = target.rows()
        assert len(rows["customer"]) == len(rows["credit"]) >= 100
    assert len(source.rows()["customer"]) > 103


async def test_a_key_goes_on_with_what_is_left_of_its_quota(
    source: Place, make: MakePlace, tmp_path: Path
) -> None:
    """The secret opens on the new machine, and what was used there stays used."""
    secret = furnish(source)
    source.back_up(tmp_path / "a.backup")
    target = make("target", "sqlite")
    target.restore(tmp_path / "a.backup")
    kh = Keyhouse.from_env({"KEYHOUSE_DATA__DIR": str(target.settings.data.dir)})
    async with kh.running():
        codes = [(await kh.verify(secret, api="weather")).code for _ in range(4)]
    assert codes == ["valid", "valid", "valid", Verdict.QUOTA_EXCEEDED.code]


def test_what_was_out_on_leases_counts_as_used(
    source: Place, make: MakePlace, tmp_path: Path
) -> None:
    furnish(source)
    with source.opened() as (database, _), writing(database.engine) as connection:
        out = {"leased": budget.c.leased + 2}
        connection.execute(sa.update(budget).values(out))
    source.back_up(tmp_path / "a.backup")
    target = make("target", "postgresql")
    target.restore(tmp_path / "a.backup")
    with target.opened() as (database, _), database.engine.connect() as connection:
        rows = connection.execute(sa.select(budget.c.used, budget.c.leased)).all()
        assert [tuple(row) for row in rows] == [(4, 0)]
        assert connection.execute(sa.select(lease)).all() == []


def test_whoever_followed_the_log_forgets_what_it_knew(
    source: Place, make: MakePlace, tmp_path: Path
) -> None:
    """A guard elsewhere may have seen later changes than the backup's last."""
    furnish(source)
    source.back_up(tmp_path / "a.backup")
    with source.opened() as (database, office):
        Acme(office, database, "third@example.com")
        feed = database.feed()
        seen = feed.read(0).head
        feed.close()
    target = make("target", "sqlite")
    target.restore(tmp_path / "a.backup")
    with target.opened() as (database, _):
        feed = database.feed()
        changes = feed.read(seen)
        feed.close()
    assert changes.head > seen
    assert changes.forget_all


def parts_of(file: Path) -> list[zipfile.ZipInfo]:
    with zipfile.ZipFile(file) as packed:
        return packed.infolist()


def with_a_bit_turned(file: Path, at: int) -> Path:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    damaged = file.with_name(f"damaged-{at}.backup")
    damaged.write_bytes(content)
    return damaged


def test_damage_at_every_part_is_found_before_anything_is_written(
    source: Place, make: MakePlace, tmp_path: Path
) -> None:
    furnish(source)
    whole = tmp_path / "a.backup"
    source.back_up(whole)
    target = make("target", "sqlite")
    places = [
        part.header_offset + 30 + len(part.filename.encode()) + 20 + part.compress_size // 2
        for part in parts_of(whole)
    ]
    assert len(places) > 20
    for at in places:
        with pytest.raises(SettingsError, match="cannot be restored"):
            target.restore(with_a_bit_turned(whole, at))
    assert not (target.settings.data.dir / "keyhouse.db").exists()


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_a_file_that_is_cut_off_is_refused(
    source: Place, make: MakePlace, tmp_path: Path, passphrase: str | None
) -> None:
    whole, short = tmp_path / "a.backup", tmp_path / "short.backup"
    source.back_up(whole, passphrase)
    content = whole.read_bytes()
    target = make("target", "sqlite")
    for length in (0, 10, 60, len(content) // 3, len(content) - 20, len(content) - 1):
        short.write_bytes(content[:length])
        with pytest.raises(SettingsError, match="cannot be restored"):
            target.restore(short, passphrase)
    assert not (target.settings.data.dir / "keyhouse.db").exists()


def test_a_sealed_file_tells_nothing_and_opens_to_its_passphrase_alone(
    source: Place, make: MakePlace, tmp_path: Path
) -> None:
    out = tmp_path / "a.backup"
    source.back_up(out, PASSPHRASE)
    assert b"keyring" not in out.read_bytes()
    target = make("target", "sqlite")
    for wrong in (None, "another passphrase"):
        with pytest.raises(SettingsError, match="passphrase"):
            target.restore(out, wrong)
    assert wiring.is_sealed(out)
    for at in (18, 25, 40, 60, 1000):
        with pytest.raises(SettingsError, match="cannot be restored"):
            target.restore(with_a_bit_turned(out, at), PASSPHRASE)


def test_chunks_of_a_sealed_file_can_be_neither_moved_nor_left_out() -> None:
    file = io.BytesIO()
    plain = bytes(range(256)) * (CHUNK * 3 // 256) + b"end"
    with SealingStream(file, PASSPHRASE) as sealing:
        sealing.write(plain)
    sealed = file.getvalue()
    assert unsealed(io.BytesIO(sealed), PASSPHRASE).read() == plain
    head, size = len(sealed) - len(plain) - 4 * 16, CHUNK + 16
    chunks = [sealed[at : at + size] for at in range(head, len(sealed), size)]
    for order in ([1, 0, 2, 3], [0, 2, 3], [0, 1, 2], [0, 1, 1, 2, 3]):
        moved = sealed[:head] + b"".join(chunks[number] for number in order)
        with pytest.raises(DamagedBackup):
            unsealed(io.BytesIO(moved), PASSPHRASE).read()


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_with_rows_is_replaced_only_by_force(
    source: Place, make: MakePlace, tmp_path: Path, kind: str
) -> None:
    furnish(source)
    out = tmp_path / "a.backup"
    source.back_up(out)
    target = make("target", kind)
    wiring.prepare(target.settings)
    with target.opened() as (database, office):
        Acme(office, database, "other@example.com")
    before, ring = target.rows(), target.settings.keyring_path.read_bytes()
    with pytest.raises(SettingsError, match="--force"):
        target.restore(out)
    assert target.rows() == before
    target.restore(out, force=True)
    assert target.rows() == source.rows()
    (kept,) = target.settings.data.dir.glob("keyring.json.replaced-*")
    assert kept.read_bytes() == ring


@pytest.mark.parametrize("kind", KINDS)
def test_a_restore_that_fails_at_its_end_leaves_rows_and_keyring_as_they_were(
    source: Place,
    make: MakePlace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    source.back_up(tmp_path / "a.backup")
    target = make("target", kind)
    wiring.prepare(target.settings)
    before, ring = target.rows(), target.settings.keyring_path.read_bytes()
    monkeypatch.setattr(portable, "settled", full)
    with pytest.raises(SettingsError, match="cannot be restored: No space left"):
        target.restore(tmp_path / "a.backup", force=True)
    assert target.rows() == before
    assert target.settings.keyring_path.read_bytes() == ring
    assert not list(target.settings.data.dir.glob("keyring.json.replaced-*"))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_restored_under_a_process_that_serves(
    make: MakePlace, source: Place, tmp_path: Path, kind: str
) -> None:
    out = tmp_path / "a.backup"
    source.back_up(out)
    target = make("target", kind)
    wiring.prepare(target.settings)
    with target.opened() as (database, _), database.engine.connect() as connection:
        connection.execute(sa.select(change_head)).all()
        with pytest.raises(SettingsError, match="is in use"):
            target.restore(out, force=True)
    target.restore(out, force=True)


def test_a_client_that_is_just_leaving_does_not_hinder(
    make: MakePlace, source: Place, tmp_path: Path
) -> None:
    """PostgreSQL tells of it for a moment longer, as of `migrate` right before."""
    out = tmp_path / "a.backup"
    source.back_up(out)
    target = make("target", "postgresql")
    wiring.prepare(target.settings)
    with target.opened() as (database, _):
        connection = database.engine.connect()
        leaving = threading.Timer(0.5, connection.invalidate)
        leaving.start()
        target.restore(out, force=True)
        leaving.join()


def test_rows_are_not_restored_without_their_pepper(
    source: Place, make: MakePlace, tmp_path: Path
) -> None:
    furnish(source)
    out = tmp_path / "a.backup"
    source.back_up(out, with_keyring=False)
    with zipfile.ZipFile(out) as packed:
        assert "keyring.json" not in packed.namelist()
    target = make("target", "sqlite")
    with pytest.raises(SettingsError, match="has no pepper"):
        target.restore(out)
    wiring.prepare(target.settings)
    with pytest.raises(SettingsError, match="has no pepper"):
        target.restore(out)
    ring = source.settings.keyring_path.read_bytes()
    target.settings.keyring_path.write_bytes(ring)
    target.restore(out)
    assert target.rows() == source.rows()


def write_parts(path: Path, revision: str, tables: dict[str, list[str]]) -> None:
    with new_archive(path, None) as parts:
        for name, lines in tables.items():
            parts.add(
                f"tables/{name}.jsonl", iter([f"{line}\n".encode() for line in lines])
            )
        rows = {name: len(lines) - 1 for name, lines in tables.items()}
        told = {"version": "0", "made_at": "2026-01-01", "head": 7, "usage": True}
        parts.finish({"format": FORMAT, "revision": revision, "rows": rows, **told})


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_of_an_older_schema_is_migrated(
    make: MakePlace, tmp_path: Path, kind: str
) -> None:
    columns = '["id","name","disabled_at","created_at","updated_at"]'
    rows = [columns, '["org_1","Acme",null,1,2]']
    write_parts(tmp_path / "old.backup", "0001", {"organization": rows})
    target = make("target", kind)
    target.restore(tmp_path / "old.backup")
    wiring.prepare(target.settings)
    with target.opened() as (database, office), office.rows.reading() as tx:
        (found,) = tx.find(entities.Organization)
        assert (found.name, found.limits) == ("Acme", ())
        assert database.check() is None


@pytest.mark.parametrize(
    ("revision", "tables", "text"),
    [
        ("9999", {}, "newer"),
        ("0001", {"organization": ['["id"]', '["org_1"]']}, "does not fit"),
        ("0001", {"organization": ['["id","colour"]']}, "no column colour"),
        ("0001", {"alembic_version": ['["version_num"]', '["9999"]']}, "no table"),
        ("0001", {"organization": ['["id"]', "{}"]}, "no row"),
        ("0001", {"organization": ['["id"]', "[1,2]"]}, "another length"),
    ],
)
def test_what_fits_no_database_leaves_none(
    make: MakePlace, tmp_path: Path, revision: str, tables: dict[str, list[str]], text: str
) -> None:
    write_parts(tmp_path / "odd.backup", revision, tables)
    target = make("target", "sqlite")
    with pytest.raises(SettingsError, match=text):
        target.restore(tmp_path / "odd.backup")
    engine = create_engine(target.settings.database_url)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()
    assert not target.settings.keyring_path.exists()


def test_a_file_is_never_written_over(source: Place, tmp_path: Path) -> None:
    out = tmp_path / "a.backup"
    out.write_text("mine")
    with pytest.raises(SettingsError, match="is there already"):
        source.back_up(out)
    assert out.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == [out.name]


def test_jobs_of_the_old_machine_are_free(
    source: Place, make: MakePlace, tmp_path: Path
) -> None:
    with source.opened() as (database, _), writing(database.engine) as connection:
        row = {"id": "upkeep", "holder": "nod_1", "token": 4, "until": 1 << 62}
        connection.execute(sa.insert(job).values(**row, due_at=9, updated_at=9))
    source.back_up(tmp_path / "a.backup")
    target = make("target", "sqlite")
    target.restore(tmp_path / "a.backup")
    (restored,) = target.rows()["job"]
    assert restored == ("upkeep", "", 5, 0, 9, 9)
