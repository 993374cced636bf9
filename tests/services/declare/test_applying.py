"""A file is planned, looked at, and done as it was planned; or nothing is."""

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from keyhouse.adapters.database.tables import metadata
from keyhouse.core import entities
from keyhouse.core.entities import KeyKind, Resource
from keyhouse.ports import StoreUnavailable
from keyhouse.services import catalog, declare, imports, issue, tenants
from keyhouse.services.declare import Export, applying, exporting, read_yaml
from keyhouse.services.declare.doing import Doing, do_steps
from keyhouse.services.idempotency import Once
from keyhouse.services.issue import AccessWish, KeyWish
from keyhouse.services.refusals import Forbidden, Invalid, Mismatch, Taken
from tests.servers.acme import Acme
from tests.services.declare.files import done, exported, planned, secrets, steps_of
from tests.services.imports.files import begin, csv_of

TEXT = """
keyhouse: 1
projects:
  - name: Weather
apis:
  - slug: weather
    project: Weather
    upstreams: {test: "http://127.0.0.1:3000"}
    scopes: [forecast:read]
    routes:
      - {method: GET, path: /a/**, scopes: [forecast:read]}
      - {method: GET, path: /b, cost: 2}
customers:
  - {external_id: crm-1, project: Weather, name: Globex}
applications:
  - {name: Planner, project: Weather, customer: crm-1}
keys:
  - name: ci
    project: Weather
    application: Planner
    access: [{api: weather, scopes: [forecast:read]}]
"""


@pytest.fixture
def document() -> Any:
    return read_yaml(TEXT)


def everything(acme: Acme) -> dict[str, list[Any]]:
    with acme.database.engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(sa.select(table))]
            for table in metadata.sorted_tables
        }


def test_a_dry_run_writes_nothing(acme: Acme, document: Any) -> None:
    before = everything(acme)
    told = planned(acme, document)
    assert [step.action for step in told.plan.steps] == ["create"] * 7
    assert not told.is_complete
    assert everything(acme) == before


def test_what_is_done_is_done_once_and_audited(acme: Acme, document: Any) -> None:
    outcome = done(acme, document)
    assert outcome.answer["complete"]
    (made,) = secrets(outcome)
    assert made.secret.startswith("kh_sk_test_")
    with acme.office.rows.reading() as tx:
        actions = [row.action for row in tx.find(entities.AuditRow, actor=acme.actor.id)]
    assert {"project.create", "api.create", "key.create", "declaration.apply"} <= {*actions}
    before = everything(acme)
    assert done(acme, document).answer["steps"] == []
    assert everything(acme) == before


def test_a_secret_is_nowhere_but_in_the_answer(acme: Acme, document: Any) -> None:
    key = Once("mine", "print")
    (made,) = secrets(done(acme, document, key=key))
    assert made.secret not in str(everything(acme))
    assert made.secret not in str(exported(acme))
    digest = everything(acme)["secret"][-1]
    assert not any(str(part) in str(exported(acme)) for part in digest[4:7] if part)
    again = done(acme, document, key=key)
    assert again.replayed
    assert again.answer["done"] == 7
    assert again.secret is None
    with pytest.raises(Mismatch):
        done(acme, document, key=Once("mine", "another"))


def test_a_change_is_told_field_by_field(acme: Acme, document: Any) -> None:
    done(acme, document)
    document["apis"][0]["scopes"] = ["forecast:read", "alerts:read"]
    document["applications"][0]["customer"] = None
    document["keys"][0]["access"][0]["scopes"] = []
    told = planned(acme, document)
    assert [(s.name, [tuple(f) for f in s.fields]) for s in told.plan.steps] == [
        ("weather", [("scopes", ["forecast:read"], ["forecast:read", "alerts:read"])]),
        ("Planner", [("customer", "crm-1", None)]),
        (
            "ci",
            [
                (
                    "access",
                    [{"api": "weather", "scopes": ["forecast:read"]}],
                    [{"api": "weather"}],
                )
            ],
        ),
    ]
    done(acme, document)
    assert steps_of(planned(acme, document)) == []


def wrong(document: Any) -> None:
    document["apis"][0]["scopez"] = []
    document["apis"].append({"slug": "Bad Slug", "project": "Weather", "limits": [{}]})
    document["apis"][0]["routes"][1]["cost"] = "two"
    document["customers"][0]["project"] = "Wether"
    document["keys"][0]["access"][0]["api"] = "wheather"
    document["keys"].append({"name": "x", "application": "Planner", "project": "Weather"})


def test_all_that_is_wrong_is_told_at_its_place(acme: Acme, document: Any) -> None:
    wrong(document)
    with pytest.raises(Invalid) as refused:
        planned(acme, document)
    told = {(one.field, one.reason, one.mend) for one in refused.value.problems}
    assert ("apis[0].scopez", "is not known", "did you mean scopes?") in told
    fields = {field for field, _, _ in told}
    assert "apis[1].limits[0]" in fields
    assert "customers[0].project" in fields
    assert "keys[1].access" in fields


def test_rules_of_services_are_told_at_their_place_too(acme: Acme, document: Any) -> None:
    """Several at once, in places of the file: nothing of it is done."""
    api, key = document["apis"][0], document["keys"][0]
    api["upstreams"] = {"test": "ftp://a"}
    api["limits"] = [{"name": "a", "quota": -1, "window": "day"}]
    document["customers"][0]["limits"] = [{"name": "b", "rate": 0, "period_seconds": 1}]
    key["restrictions"] = {"networks_allowed": ["nonsense"]}
    before = everything(acme)
    for act in (planned, done):
        with pytest.raises(Invalid) as refused:
            act(acme, document)
        fields = {one.field for one in refused.value.problems}
        assert fields >= {
            "apis[0].upstreams.test",
            "apis[0].limits[0].quota",
            "customers[0].limits[0].rate",
        }
    assert everything(acme) == before
    document["apis"][0] = read_yaml(TEXT)["apis"][0]  # type: ignore[index] # it is
    document["apis"][0]["routes"][0]["path"] = "no slash"
    del document["customers"][0]["limits"]
    with pytest.raises(Invalid) as refused:
        planned(acme, document)
    assert {one.field for one in refused.value.problems} == {
        "apis[0].routes[0].path",
        "keys[0].restrictions.networks_allowed[0]",
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda d: d.update(keyhouse=2), "keyhouse"),
        (lambda d: d.update(api=[]), "api"),
        (lambda d: d.update(apis={}), "apis"),
        (lambda d: d["apis"].append(d["apis"][0]), "apis[1]"),
        (lambda d: d["apis"][0]["routes"].append(d["apis"][0]["routes"][0]), "path"),
        (lambda d: d["keys"].append(d["keys"][0]), "keys[1]"),
        (lambda d: d["keys"][0].update(id="key_" + "0" * 22), "keys[0].id"),
        (lambda d: d["keys"][0].update(ends_at="tomorrow"), "keys[0].ends_at"),
        (lambda d: d["keys"][0].update(access=[{}]), "keys[0].access[0]"),
        (lambda d: d.update(project="Elsewhere"), "project"),
        (lambda d: d["projects"].append(3), "projects[1]"),
    ],
)
def test_what_a_file_cannot_say(
    acme: Acme, document: Any, change: Callable[[Any], None], field: str
) -> None:
    change(document)
    with pytest.raises(Invalid) as refused:
        planned(acme, document)
    assert any(one.field.endswith(field) for one in refused.value.problems)
    assert all(one.reason and one.mend for one in refused.value.problems)


def test_what_cannot_be_changed_says_so(acme: Acme, document: Any) -> None:
    done(acme, document)
    row = exported(acme)
    document["projects"].append({"name": "Other"})
    document["apis"][0]["project"] = "Other"
    with pytest.raises(Invalid) as refused:
        planned(acme, document)
    assert refused.value.problems[0].field == "apis[0].project"
    assert exported(acme) == row


def test_the_plan_that_was_shown_is_the_plan_that_is_done(
    acme: Acme, document: Any
) -> None:
    done(acme, document)
    document["apis"][0]["name"] = "New"
    shown = planned(acme, document).plan.fingerprint
    acme.write(lambda work: catalog.change_api(work, "weather", {"name": "Meanwhile"}))
    before = everything(acme)
    with pytest.raises(Taken, match="another than the one that was looked at"):
        done(acme, document, plan=shown)
    assert everything(acme) == before
    done(acme, document, plan=planned(acme, document).plan.fingerprint)
    assert exported(acme)["apis"][0]["name"] == "New"


@pytest.mark.parametrize("what", ["change", "make"])
def test_what_changes_between_plan_and_deed_is_not_written_over(
    acme: Acme, document: Any, what: str
) -> None:
    """Somebody comes in the moment after the plan was made."""
    if what == "change":
        done(acme, document)
        document["apis"][0]["name"] = "New"

    def act(work: Any) -> None:
        if what == "change":
            catalog.change_api(work, "weather", {"name": "Meanwhile"})
        else:
            tenants.create_project(work, name="Weather")

    class Office:
        def __getattr__(self, name: str) -> Any:
            return getattr(acme.office, name)

        def read(self, *given: Any) -> Any:
            found = acme.office.read(*given)
            acme.write(act)
            return found

    with pytest.raises(Taken, match="does not fit any more"):
        declare.apply(Office(), acme.actor, document, declare.Wish(), dict, None)  # type: ignore[arg-type] # two doubles


def test_pruning_takes_what_the_sections_leave_out_and_nothing_else(
    acme: Acme, document: Any
) -> None:
    acme.api("other", scopes=("forecast:read",))
    acme.api("unused")
    acme.key("own", api="other")
    done(acme, document)
    whole = exported(acme)
    assert steps_of(planned(acme, document)) == []
    only_keys = {"keyhouse": 1, "keys": document["keys"]}
    assert steps_of(planned(acme, only_keys, prune=True)) == [("remove", "key", "own")]
    mine = {**document, "project": "Weather"}
    assert steps_of(planned(acme, mine, prune=True)) == []
    told = steps_of(planned(acme, document, prune=True))
    assert sorted(told) == [
        ("disable", "api", "other"),
        ("disable", "application", "default"),
        ("remove", "api", "unused"),
        ("remove", "key", "own"),
    ]
    done(acme, document, prune=True)
    assert steps_of(planned(acme, document, prune=True)) == []
    left = exported(acme)
    assert left["keys"] == [one for one in whole["keys"] if one["name"] != "own"]
    assert any(one.get("kind") == "management" for one in left["keys"])


def test_routes_that_are_left_out_go_by_pruning(acme: Acme, document: Any) -> None:
    done(acme, document)
    del document["apis"][0]["routes"][0]
    assert [step[:2] for step in steps_of(planned(acme, document))] == [("change", "route")]
    done(acme, document, prune=True)
    (route,) = exported(acme)["apis"][0]["routes"]
    assert route["path"] == "/b"


def test_a_revoked_key_is_in_no_file_and_is_made_anew(acme: Acme, document: Any) -> None:
    (made,) = secrets(done(acme, document))
    acme.write(lambda work: issue.revoke_key(work, made.id))
    assert [one["name"] for one in exported(acme)["keys"]] == ["operator's management key"]
    assert steps_of(planned(acme, document, prune=True)) == [("create", "key", "ci")]


def test_keys_of_an_open_import_are_in_no_file(acme: Acme, document: Any) -> None:
    """Neither told nor pruned nor changed: for everybody else they are not there yet."""
    done(acme, document)
    before = exported(acme)
    with acme.office.rows.reading() as tx:
        (planner,) = tx.find(entities.Application, name="Planner")
    test = entities.Environment.TEST
    text = csv_of(range(3)).replace("Caller 1", "ci")
    opened = begin(acme, text, application=planner.id, environment=test)
    assert exported(acme)["keys"] == before["keys"]
    document["keys"][0]["purpose"] = "tests"
    assert steps_of(planned(acme, document, prune=True)) == [("change", "key", "ci")]
    done(acme, document, prune=True)
    acme.write(lambda work: imports.finish_import(work, opened.id))
    assert len(exported(acme)["keys"]) == len(before["keys"]) + 3


def test_a_name_may_begin_with_a_plus(acme: Acme, document: Any) -> None:
    """As numbers of telephones do."""
    document["projects"][0]["name"] = "+Weather"
    for section in ("apis", "customers", "applications", "keys"):
        document[section][0]["project"] = "+Weather"
    document["customers"][0]["external_id"] = "+4915112345"
    planner = {"name": "+49 Hotline", "customer": "+4915112345"}
    document["applications"][0] |= planner
    document["keys"][0] |= {"name": "+1", "application": "+49 Hotline"}
    hook = {"name": "+hook", "url": "http://127.0.0.1:9/hook", "events": ["*"]}
    document["webhooks"] = [{**hook, "project": "+Weather"}]
    done(acme, document)
    assert steps_of(planned(acme, document)) == []
    assert steps_of(planned(acme, exported(acme), prune=True)) == []
    # An entry's own place in the file is a name like others, too.
    document["projects"].append({"name": "+projects[1]"})
    document["applications"].append({"name": "+keys[0]", "project": "+projects[1]"})
    done(acme, document)
    assert steps_of(planned(acme, document)) == []


def test_things_of_one_name_are_told_apart_by_their_ids(acme: Acme, document: Any) -> None:
    done(acme, document)
    project = next(p for p in exported(acme)["apis"])["project"]
    assert project == "Weather"
    with acme.office.rows.reading() as tx:
        (home,) = tx.find(entities.Project, name="Weather")
    twin = acme.write(
        lambda work: catalog.create_application(work, name="Planner", project=home.id)
    )
    wish = issue.KeyWish(
        name="ci",
        access=(issue.AccessWish(entities.Resource.API, "weather", ()),),
        application=twin.id,
        project=home.id,
    )
    acme.write(lambda work: issue.create_key(work, wish))
    found = exported(acme, Export("Weather"))
    assert sum("id" in one for one in found["applications"]) == 2
    assert {one["application"] for one in found["keys"]} == {
        one["id"] for one in found["applications"]
    }
    assert steps_of(planned(acme, found, prune=True)) == []
    with pytest.raises(Invalid, match="fits several"):
        planned(acme, document)
    found["applications"][1]["name"] = "Renamed"
    done(acme, found)
    assert "id" not in exported(acme, Export("Weather"))["applications"][1]


def test_a_header_without_its_value_is_told(acme: Acme, document: Any) -> None:
    document["apis"][0]["headers"] = ["Authorization", "X-Key"]
    done(acme, document)
    acme.write(lambda work: catalog.set_upstream_header(work, "weather", "X-Key", "v"))
    plan = planned(acme, document).plan
    assert plan.steps == ()
    assert [tuple(one) for one in plan.missing] == [("weather", "Authorization")]
    assert exported(acme)["apis"][0]["headers"] == ["X-Key"]


@pytest.mark.parametrize(
    ("scopes", "missing"),
    [
        (("projects:*", "customers:*", "applications:*", "keys:*"), "apis:read"),
        (("*:read",), "projects:write"),
        (("*:read", "projects:*", "apis:*", "customers:*", "applications:*"), "keys:write"),
    ],
)
def test_it_takes_the_scopes_of_each_operation(
    acme: Acme, document: Any, scopes: tuple[str, ...], missing: str
) -> None:
    actor = acme.holding(*scopes)
    before = everything(acme)
    for act in (planned, done):
        with pytest.raises(Forbidden) as refused:
            act(acme, document, actor=actor)
        assert refused.value.scope == missing
    assert everything(acme) == before


def test_a_management_key_is_never_made_wider_than_its_maker(acme: Acme) -> None:
    entry = {
        "name": "root",
        "project": "default",
        "application": "management",
        "kind": "management",
        "access": [{"organization": True, "scopes": ["*"]}],
    }
    actor = acme.holding("*:read", "keys:write")
    with pytest.raises(Invalid) as refused:
        done(acme, {"keyhouse": 1, "keys": [entry]}, actor=actor)
    (problem,) = refused.value.problems
    assert problem.field == "keys[0].access[0].scopes[0]"


def test_a_management_key_is_not_declared_with_what_would_not_hold(acme: Acme) -> None:
    entry = {
        "name": "root",
        "project": "default",
        "application": "management",
        "kind": "management",
        "access": [{"organization": True, "scopes": ["keys:read"]}],
    }
    fine = {**entry, "restrictions": {"networks_allowed": ["203.0.113.0/24"]}}
    done(acme, {"keyhouse": 1, "keys": [fine]})
    refused = {**entry, "restrictions": {"endpoints": ["GET /v1/apis"]}}
    for name in ("root", "another"):
        with pytest.raises(Invalid) as told:
            done(acme, {"keyhouse": 1, "keys": [{**refused, "name": name}]})
        (problem,) = told.value.problems
        assert problem.field == "keys[0].restrictions.endpoints"
        assert problem.mend == "use scopes and networks"


def test_a_project_s_manager_reads_and_changes_no_management_key_for_more(
    acme: Acme,
) -> None:
    """As with lists of keys: what it is called, opens and bears is not theirs to know."""
    here = acme.holding("*", on=acme.project)
    wish = partial(Export, acme.project)
    home = (AccessWish(Resource.PROJECT, acme.project, ("keys:read",)),)
    own = KeyWish(name="own", kind=KeyKind.MANAGEMENT, access=home)
    acme.write(lambda work: issue.create_key(work, own))
    both = {one["name"]: one for one in exported(acme, wish(("keys",)))["keys"]}
    hidden, shown = both["operator's management key"], both["own"]
    only = exported(acme, wish(("keys",)), here)
    assert only["keys"] == [shown]
    assert steps_of(planned(acme, only, actor=here, prune=True)) == []
    # By its id it reads like none, by its names like one that is not there yet.
    (project,) = {one["project"] for one in exported(acme)["keys"]}
    named = {**hidden, "access": [{"project": project, "scopes": ["keys:read"]}]}
    file = {"keyhouse": 1, "project": project}
    (told,) = planned(acme, {**file, "keys": [named]}, actor=here).plan.steps
    assert told.action == "create"
    assert told.before == {}
    by_id = {**named, "id": acme.management_key}
    with pytest.raises(Invalid, match="is no key of yours"):
        planned(acme, {**file, "keys": [by_id]}, actor=here)


def test_another_organizations_things_read_like_none(acme: Acme, document: Any) -> None:
    other = Acme(acme.office, acme.database, "other@example.com")
    done(other, document)
    with acme.office.rows.reading() as tx:
        (home,) = tx.find(
            entities.Project, organization_id=other.organization, name="Weather"
        )
        (api,) = tx.find(entities.Api, organization_id=other.organization)
    for text in (home.id, "Weather", "prj_" + "0" * 22):
        with pytest.raises(Invalid) as refused:
            exported(acme, Export(text))
        assert [one.reason for one in refused.value.problems] == ["is not known"]
    one = {"slug": "x", "id": api.id, "project": "default"}
    with pytest.raises(Invalid, match="is no api of yours"):
        planned(acme, {"keyhouse": 1, "apis": [one]})


def test_a_key_for_one_project_exports_and_applies_that_one(
    acme: Acme, document: Any
) -> None:
    done(acme, document)
    with acme.office.rows.reading() as tx:
        (home,) = tx.find(entities.Project, name="Weather")
    actor = acme.holding("*", on=home.id)
    found = exported(acme, Export("Weather"), actor)
    found["apis"][0]["name"] = "Mine"
    done(acme, found, actor=actor)
    assert exported(acme, Export(home.id), actor)["apis"][0]["name"] == "Mine"
    for act in (
        lambda: exported(acme, None, actor),
        lambda: planned(acme, document, actor=actor),
    ):
        with pytest.raises(Forbidden):
            act()
    with pytest.raises(Invalid, match="is not known"):
        exported(acme, Export("default"), actor)


def test_many_keys_are_told_page_by_page(
    acme: Acme, document: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, a page of them is held; and pages leave out none."""
    document["keys"] = [
        {**document["keys"][0], "name": f"key {number}"} for number in range(25)
    ]
    done(acme, document)
    whole = exported(acme)
    monkeypatch.setattr(exporting, "PAGE", 4)
    assert exported(acme) == whole
    names = [one["name"] for one in whole["keys"] if one["name"].startswith("key ")]
    assert names == [one["name"] for one in document["keys"]]
    only = exported(acme, Export(only=("keys",)))
    assert list(only) == ["keyhouse", "keys"]
    assert steps_of(planned(acme, only, prune=True)) == []


def test_a_long_plan_is_tried_whole_and_done_in_parts(
    acme: Acme, document: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "STEPS_AT_ONCE", 2)
    before = everything(acme)
    faulty = copy.deepcopy(document)
    faulty["keys"][0]["limits"] = [{"name": "a", "rate": 0, "period_seconds": 1}]
    del faulty["applications"][0]["customer"]
    faulty["customers"][0]["limits"] = [{"name": "b", "rate": 0, "period_seconds": 1}]
    with pytest.raises(Invalid) as refused:
        done(acme, faulty)
    assert {one.field for one in refused.value.problems} == {
        "customers[0].limits[0].rate",
        "keys[0].limits[0].rate",
    }
    assert everything(acme) == before
    outcome = done(acme, document)
    assert (outcome.answer["complete"], outcome.answer["done"]) == (True, 7)
    assert len(secrets(outcome)) == 1
    assert steps_of(planned(acme, document, prune=False)) == []


def test_where_a_part_fails_the_report_says_how_far_it_came(
    acme: Acme, document: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And to apply again does the rest, and tells the secrets of the rest alone."""
    monkeypatch.setattr(applying, "STEPS_AT_ONCE", 2)
    document["keys"].append({**document["keys"][0], "name": "second"})
    real, calls = do_steps, []

    def failing(work: Any, steps: Any, before: Any) -> Doing:
        calls.append(before)
        # Four parts are tried, then done; the last of them is lost.
        if len(calls) == 8:
            raise StoreUnavailable("gone")
        return real(work, steps, before)

    monkeypatch.setattr(applying, "do_steps", failing)
    outcome = done(acme, document, key=Once("mine", "print"))
    assert (outcome.answer["complete"], outcome.answer["done"]) == (False, 6)
    assert outcome.answer["problems"][0][0] == "document"
    assert secrets(outcome) == []
    monkeypatch.setattr(applying, "do_steps", real)
    rest = done(acme, document, key=Once("mine", "print"))
    assert rest.answer["steps"] == [("create", "key", "ci"), ("create", "key", "second")]
    assert [one.name for one in secrets(rest)] == ["ci", "second"]


def test_publishable_and_management_keys_are_told_as_they_are(acme: Acme) -> None:
    acme.api(scopes=("forecast:read",))
    pages = entities.Restrictions(referrers=("https://a.example/*",))
    acme.key("page", kind=KeyKind.PUBLISHABLE, restrictions=pages)
    acme.key("manager", kind=KeyKind.MANAGEMENT)
    found = {one["name"]: one for one in exported(acme)["keys"]}
    assert found["page"]["kind"] == "publishable"
    assert found["page"]["restrictions"] == {"referrers": ["https://a.example/*"]}
    assert found["manager"]["access"] == [{"api": "weather", "scopes": ["keys:*"]}]
    assert "environment" not in found["manager"]
    assert steps_of(planned(acme, exported(acme), prune=True)) == []
