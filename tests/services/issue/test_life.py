"""Batches, transfer, the end of many keys, and what is removed for good."""

from dataclasses import replace
from functools import partial

import pytest

from keyhouse.core.entities import (
    Access,
    Application,
    AuditRow,
    Key,
    KeyKind,
    Resource,
    Restrictions,
    SecretRow,
)
from keyhouse.core.grains import even_cuts
from keyhouse.ports import UsageWanted
from keyhouse.services import issue
from keyhouse.services.catalog import create_application
from keyhouse.services.issue import (
    AccessWish,
    Created,
    KeyChanges,
    KeyFilter,
    KeyWish,
    RevokeWish,
)
from keyhouse.services.issue.batches import ACCESS_MAX
from keyhouse.services.issue.emergency import KEYS_AT_ONCE
from keyhouse.services.jobs import Holding
from keyhouse.services.refusals import Forbidden, Invalid, NotFound, Taken
from keyhouse.services.tenants import create_project
from keyhouse.services.work import Turn
from tests.scale.at_home import statements
from tests.servers.acme import Acme

DAY_SECONDS = 86_400


def audit(acme: Acme, subject: str) -> list[AuditRow]:
    with acme.office.rows.reading() as tx:
        return tx.find(AuditRow, subject=subject)


def application(acme: Acme, project: str | None = None) -> Application:
    return acme.write(
        lambda work: create_application(work, name="Other", project=project or acme.project)
    )


def wishes(*names: str) -> list[KeyWish]:
    access = (AccessWish(Resource.API, "weather", ()),)
    return [KeyWish(name=name, access=access) for name in names]


def test_many_keys_are_made_in_order(acme: Acme) -> None:
    acme.api()
    made = acme.write(lambda work: issue.create_keys(work, wishes("A", "B")))
    assert [one.view.key.name for one in made] == ["A", "B"]
    assert len({one.issued.secret.reveal() for one in made}) == 2


def test_one_bad_wish_of_many_makes_none_and_each_is_named(acme: Acme) -> None:
    acme.api()
    bad = [*wishes("A", "", "C"), replace(wishes("D")[0], tags=("No",))]
    with pytest.raises(Invalid) as refused:
        acme.write(lambda work: issue.create_keys(work, bad))
    fields = [problem.field for problem in refused.value.problems]
    assert fields == ["keys[1].name", "keys[3].tags.0"]
    assert (
        acme.read(lambda look: issue.list_keys(look, Turn(), KeyFilter(name="A"))).rows
        == []
    )
    for many in ([], wishes(*["A"] * 101)):
        with pytest.raises(Invalid):
            acme.write(partial(issue.create_keys, wishes=many))


def test_names_of_no_api_are_looked_up_together(acme: Acme) -> None:
    """Who names a hundred has nobody else who writes wait for a hundred look-ups."""
    acme.api()
    acme.key()  # of the application in which a key of no API would be
    own = AccessWish(Resource.API, "weather", ())
    counts = []
    for many in (2, 100):
        names = [f"nope-{number}" for number in range(many - 1)]
        access = (own, *(AccessWish(Resource.API, name, ()) for name in names))
        with statements(acme.database) as asked, pytest.raises(Invalid) as refused:
            acme.write(
                partial(issue.create_key, wish=KeyWish(name="Planner", access=access))
            )
        assert len(refused.value.problems) == len(names)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_all_keys_of_a_batch_open_so_much_together(acme: Acme) -> None:
    """One batch is one transaction, and no gateway writes meanwhile."""
    acme.api()
    own = AccessWish(Resource.API, "weather", ())
    wide = replace(wishes("Wide")[0], access=(own,) * 100)
    many = [wide] * (ACCESS_MAX // 100)
    with pytest.raises(Invalid) as refused:
        acme.write(partial(issue.create_keys, wishes=[*many, *wishes("One more")]))
    (problem,) = refused.value.problems
    assert (problem.field, str(ACCESS_MAX) in problem.reason) == ("keys", True)
    with pytest.raises(Invalid) as refused:
        acme.write(partial(issue.create_keys, wishes=many))
    assert refused.value.problems[0].field == "keys[0].access.1.api"


def test_a_transfer_takes_the_key_along_and_leaves_the_past(acme: Acme) -> None:
    """What was counted stays with the application that it was counted for."""
    acme.api()
    made = acme.key()
    acme.book(made, 3)
    key = made.view.key
    project = acme.write(lambda work: create_project(work, name="Second"))
    other = application(acme, project.id)
    view = acme.write(lambda work: issue.transfer_key(work, key.id, other.id))
    assert (view.key.application_id, view.key.project_id) == (other.id, project.id)
    assert view.access == made.view.access
    secret = made.issued.secret.reveal()
    assert acme.read(lambda look: issue.find_key(look, secret)).key.id == key.id
    cuts = even_cuts(0, acme.clock.now_us() + 60_000_000, 86_400)
    wanted = UsageWanted(acme.organization, cuts, ["application"], {"key": key.id})
    used = acme.office.reports.usage(wanted)
    assert [row.group["application"] for row in used] == [key.application_id]
    (row,) = [row for row in audit(acme, key.id) if row.action == "key.transfer"]
    assert row.before["application_id"] == key.application_id
    assert row.after["application_id"] == other.id


def test_a_transfer_goes_no_further_than_the_actor_reaches(acme: Acme) -> None:
    acme.api()
    key = acme.key().view.key
    project = acme.write(lambda work: create_project(work, name="Second"))
    other = application(acme, project.id)
    stranger = Acme(acme.office, acme.database, "stranger@example.com")
    theirs = application(stranger)
    here = acme.holding("keys:write", on=acme.project)
    told = set()
    for id in (other.id, theirs.id, "app_" + "0" * 22, "nonsense"):
        with pytest.raises(Invalid) as refused:
            acme.write(partial(issue.transfer_key, id=key.id, application=id), here)
        told.add(str(refused.value))
    assert told == {"application: is not known"}
    with pytest.raises(NotFound):
        stranger.write(lambda work: issue.transfer_key(work, key.id, theirs.id))


def test_an_imported_secret_stays_in_its_project(acme: Acme) -> None:
    """It is known in that project alone: elsewhere it would open nothing."""
    acme.api()
    key = acme.key().view.key
    with acme.office.rows.writing() as tx:
        (row,) = tx.find(SecretRow, key_id=key.id)
        tx.update(row, namespace=acme.project)
    project = acme.write(lambda work: create_project(work, name="Second"))
    other, near = application(acme, project.id), application(acme)
    with pytest.raises(Taken):
        acme.write(lambda work: issue.transfer_key(work, key.id, other.id))
    acme.write(lambda work: issue.transfer_key(work, key.id, near.id))


def revoke(acme: Acme, **whose: object) -> issue.Revoked:
    wish = RevokeWish(**whose)  # type: ignore[arg-type] # a test's own
    return issue.revoke_keys(acme.office, acme.actor, wish)


def states(acme: Acme, keys: list[Created]) -> list[str]:
    return [
        acme.read(partial(issue.get_key, id=one.view.key.id)).state.value for one in keys
    ]


def test_all_keys_of_an_application_end_at_once(acme: Acme) -> None:
    """Also one that is deleted: whoever restored it would have it back."""
    acme.api()
    keys = [acme.key(name) for name in "ABCD"]
    spared = acme.key("E", application=issue.ApplicationWish("other"))
    acme.write(lambda work: issue.revoke_key(work, keys[0].view.key.id))
    acme.write(lambda work: issue.delete_key(work, keys[1].view.key.id))
    mine = keys[0].view.key.application_id
    assert revoke(acme, application=mine, dry_run=True) == (4, 3, True)
    assert states(acme, keys) == ["revoked", "deleted", "active", "active"]
    with pytest.raises(Taken, match="4 keys"):
        revoke(acme, application=mine, expected=3)
    assert revoke(acme, application=mine, expected=4) == (4, 3, False)
    # The same call again, as after one that broke off.
    assert revoke(acme, application=mine, expected=4) == (4, 0, False)
    acme.write(lambda work: issue.restore_key(work, keys[1].view.key.id))
    assert states(acme, [*keys, spared]) == ["revoked"] * 4 + ["active"]
    assert "key.revoke" in [row.action for row in audit(acme, keys[2].view.key.id)]


def test_the_key_that_asks_is_left(acme: Acme) -> None:
    """Who ends a whole project must not lock themselves out halfway."""
    acme.api()
    key = acme.key()
    asking = replace(acme.actor, id=acme.management_key)
    told = issue.revoke_keys(acme.office, asking, RevokeWish(project=acme.project))
    assert told.revoked == 1
    assert states(acme, [key]) == ["revoked"]
    view = acme.read(lambda look: issue.get_key(look, acme.management_key))
    assert view.state is issue.KeyState.ACTIVE


def test_whose_keys_must_be_known_and_within_reach(acme: Acme) -> None:
    weather = acme.api()
    acme.key()
    stranger = Acme(acme.office, acme.database, "stranger@example.com")
    theirs = application(stranger)
    for whose in (
        {"application": theirs.id},
        {"application": "nonsense"},
        {"project": stranger.project},
        {"customer": "crm-1"},
        {"owner": "nobody@example.com"},
    ):
        with pytest.raises(Invalid, match="is not known"):
            revoke(acme, **whose)
    narrow = acme.holding("keys:write", on=weather)
    with pytest.raises(Invalid, match="is not known"):
        issue.revoke_keys(acme.office, narrow, RevokeWish(project=acme.project))
    reader = acme.holding("keys:read")
    with pytest.raises(Forbidden):
        issue.revoke_keys(acme.office, reader, RevokeWish(project=acme.project))


def test_many_keys_end_in_short_transactions_and_a_break_costs_nothing(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand at once must not keep gateways waiting, nor be all or nothing."""
    acme.api()
    count = KEYS_AT_ONCE + 20
    for _ in range(3):
        names = [f"Van {number}" for number in range(count // 3)]
        acme.write(lambda work, names=names: issue.create_keys(work, wishes(*names)))  # type: ignore[misc]
    made = 3 * (count // 3)
    mine = acme.key().view.key.application_id
    real = issue.emergency._revoke_some
    seen: list[int] = []

    def breaking(*given: object) -> tuple[int, str | None]:
        if seen:
            raise ConnectionError
        done = real(*given)  # type: ignore[arg-type]
        seen.append(done[0])
        return done

    monkeypatch.setattr("keyhouse.services.issue.emergency._revoke_some", breaking)
    with pytest.raises(ConnectionError):
        revoke(acme, application=mine)
    assert seen == [KEYS_AT_ONCE]
    monkeypatch.setattr("keyhouse.services.issue.emergency._revoke_some", real)
    assert revoke(acme, application=mine) == (made + 1, made + 1 - KEYS_AT_ONCE, False)


def test_a_deleted_key_comes_back_for_30_days(acme: Acme) -> None:
    acme.api()
    id = acme.key().view.key.id
    acme.write(lambda work: issue.delete_key(work, id))
    view = acme.read(lambda look: issue.get_key(look, id))
    assert view.restorable_until == acme.clock.now_us() + 30 * DAY_SECONDS * 1_000_000
    acme.go_on(30 * DAY_SECONDS - 1)
    acme.write(lambda work: issue.restore_key(work, id))
    acme.write(lambda work: issue.delete_key(work, id))
    acme.go_on(30 * DAY_SECONDS)
    with pytest.raises(Taken, match="30 days"):
        acme.write(lambda work: issue.restore_key(work, id))


def purge(acme: Acme) -> int:
    claim = Holding(acme.office.rows, acme.clock, "keys.purge", "nod_1").claim(
        lambda: False
    )
    assert claim is not None
    return issue.purge_keys(acme.office, claim)


def test_after_that_it_is_removed_and_its_past_stays(acme: Acme) -> None:
    acme.api()
    made, kept = acme.key("Gone"), acme.key("Kept")
    acme.book(made)
    id = made.view.key.id
    for one in (made, kept):
        acme.write(partial(issue.delete_key, id=one.view.key.id))
    acme.go_on(30 * DAY_SECONDS - 1)
    assert purge(acme) == 0
    acme.write(partial(issue.restore_key, id=kept.view.key.id))
    acme.go_on(2)
    assert purge(acme) == 1
    with acme.office.rows.reading() as tx:
        assert tx.get(Key, id) is None
        assert tx.find(SecretRow, key_id=id) == []
        assert tx.find(Access, key_id=id) == []
    assert acme.office.reports.last_used([id]) == {}
    with pytest.raises(NotFound):
        acme.read(lambda look: issue.get_key(look, id))
    search = KeyFilter(search="gone", state=issue.KeyState.DELETED)
    assert acme.read(lambda look: issue.list_keys(look, Turn(), search)).rows == []
    told = [(row.action, row.actor) for row in audit(acme, id)]
    assert told[-1] == ("key.purge", "worker")
    cuts = even_cuts(0, acme.clock.now_us(), 86_400)
    wanted = UsageWanted(acme.organization, cuts, [], {"key": id})
    used = acme.office.reports.usage(wanted)
    assert sum(row.requests for row in used) == 1
    assert states(acme, [kept]) == ["active"]


def end_by_holder(acme: Acme, secret: str) -> None:
    issue.revoke_secret(acme.office, secret, "203.0.113.9", "req_1")


def test_whoever_holds_a_secret_may_end_it(acme: Acme) -> None:
    acme.api()
    made = acme.key()
    key = made.view.key
    newer = acme.write(lambda work: issue.rotate_key(work, key.id, 3600))
    end_by_holder(acme, f" {made.issued.secret.reveal()}\n")
    new, old = acme.read(lambda look: issue.list_secrets(look, key.id))
    assert (new.state.value, old.state.value) == ("active", "revoked")
    (row,) = [row for row in audit(acme, old.secret.id) if row.action == "secret.revoke"]
    assert (row.actor, row.organization_id) == ("holder", acme.organization)
    assert row.address == "203.0.113.9"
    end_by_holder(acme, made.issued.secret.reveal())
    assert len(audit(acme, old.secret.id)) == len(
        {r.id for r in audit(acme, old.secret.id)}
    )
    # Even the last: the key then stands without one.
    end_by_holder(acme, newer.issued.secret.reveal())
    found = acme.read(lambda look: issue.list_secrets(look, key.id))
    assert [one.state.value for one in found] == ["revoked", "revoked"]


def test_what_is_no_secret_here_changes_nothing(acme: Acme) -> None:
    acme.api()
    made = acme.key()
    secret = made.issued.secret.reveal()
    for text in ("", secret[:-1], secret * 20, "x" * 100_000, "\ud800", "kh_sk_test_"):
        end_by_holder(acme, text)
    (one,) = acme.read(lambda look: issue.list_secrets(look, made.view.key.id))
    assert one.state.value == "active"


def test_a_page_that_shows_its_key_cannot_be_stopped_by_its_readers(acme: Acme) -> None:
    """Everybody who sees the page holds a publishable key's secret."""
    acme.api()
    places = Restrictions(referrers=("https://example.com/*",))
    made = acme.key(kind=KeyKind.PUBLISHABLE, restrictions=places)
    end_by_holder(acme, made.issued.secret.reveal())
    (one,) = acme.read(lambda look: issue.list_secrets(look, made.view.key.id))
    assert one.state.value == "active"


def wide_key(acme: Acme, **fields: object) -> Key:
    """A management key that may do all in the project."""
    access = (AccessWish(Resource.PROJECT, acme.project, ("*",)),)
    wish = KeyWish(name="Wide", kind=KeyKind.MANAGEMENT, access=access, **fields)  # type: ignore[arg-type]
    return acme.write(lambda work: issue.create_key(work, wish)).view.key


def test_nobody_brings_back_a_management_key_that_may_do_more(acme: Acme) -> None:
    """Who has its secret from before would rise above themselves by it."""
    here = acme.holding("keys:*", on=acme.project)
    other = application(acme)
    disabled, deleted, moved = (wide_key(acme) for _ in range(3))
    acme.write(lambda work: issue.disable_key(work, disabled.id), here)
    acme.write(lambda work: issue.delete_key(work, deleted.id), here)
    for back in (
        partial(issue.enable_key, id=disabled.id),
        partial(issue.restore_key, id=deleted.id),
        partial(issue.transfer_key, id=moved.id, application=other.id),
    ):
        with pytest.raises(Forbidden):
            acme.write(back, here)
        acme.write(back)


def test_nobody_loosens_a_management_key_that_may_do_more(acme: Acme) -> None:
    end = acme.clock.now_us() + DAY_SECONDS * 1_000_000
    bounds = Restrictions(networks_allowed=("203.0.113.0/24",))
    key = wide_key(acme, starts_at=end - 1, ends_at=end, restrictions=bounds)
    here = acme.holding("keys:*", on=acme.project)
    loose: list[KeyChanges] = [
        {"starts_at": None},
        {"ends_at": None},
        {"ends_at": end + 1},
        {"restrictions": Restrictions()},
    ]
    for changes in loose:
        with pytest.raises(Forbidden):
            acme.write(partial(issue.change_key, id=key.id, changes=changes), here)
    tight: KeyChanges = {"name": "W", "starts_at": end - 1, "restrictions": bounds}
    acme.write(lambda work: issue.change_key(work, key.id, tight), here)
    for changes in loose:
        acme.write(partial(issue.change_key, id=key.id, changes=changes))


def test_a_management_key_does_not_free_itself(acme: Acme) -> None:
    """Its end and its networks are bounds that whoever gave it away has set."""
    end = acme.clock.now_us() + DAY_SECONDS * 1_000_000
    bounds = Restrictions(networks_allowed=("203.0.113.0/24",))
    key = wide_key(acme, ends_at=end, restrictions=bounds)
    itself = replace(acme.holding("*", on=acme.project), id=key.id)
    free: KeyChanges = {"ends_at": None, "restrictions": Restrictions()}
    with pytest.raises(Invalid) as refused:
        acme.write(lambda work: issue.change_key(work, key.id, free), itself)
    assert [one.field for one in refused.value.problems] == ["ends_at", "restrictions"]
    acme.write(lambda work: issue.change_key(work, key.id, {"ends_at": end - 1}), itself)
    assert acme.read(lambda look: issue.get_key(look, key.id)).key.restrictions == bounds
