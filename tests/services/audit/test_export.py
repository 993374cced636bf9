"""An export of the audit reads on as it is asked, and passes over no row."""

import pytest

from keyhouse.adapters.database.rows import LATE_US
from keyhouse.core.entities import AuditRow
from keyhouse.services import audit, tenants
from keyhouse.services.actor import Actor
from keyhouse.services.audit import Stretch
from keyhouse.services.audit.queries import EXPORTED_AT_ONCE
from keyhouse.services.refusals import Forbidden
from tests.services.webhooks.conftest import SECOND_US, Post


def rename(post: Post, times: int) -> None:
    """So many rows, a second apart."""
    for number in range(times):
        post.clock.at_us += SECOND_US
        changes: tenants.ProjectChanges = {"name": f"{post.clock.at_us} {number}"}

        def act(work: object, changes: tenants.ProjectChanges = changes) -> None:
            tenants.change_project(work, post.project, changes)  # type: ignore[arg-type]

        post.office.write(post.actor, act)


def export(post: Post, after: str | None = None) -> list[AuditRow]:
    parts = audit.export_audit(post.office, post.actor, Stretch(), after)
    return [row for part in parts for row in part]


def test_an_export_is_read_a_part_at_a_time(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the audit is, neither memory nor a transaction grows with it."""
    monkeypatch.setattr("keyhouse.services.audit.queries.EXPORTED_AT_ONCE", 3)
    rename(post, 7)
    post.clock.at_us += LATE_US
    parts = audit.export_audit(post.office, post.actor, Stretch(), None)
    first = next(parts)
    assert len(first) == 3
    rename(post, 1)
    post.clock.at_us += LATE_US
    rest = [row for part in parts for row in part]
    assert rest[-1].at == post.clock.at_us - LATE_US, "what came meanwhile is in it"
    ids = [row.id for row in (*first, *rest)]
    assert ids == sorted(set(ids))


def test_what_may_be_overtaken_is_left_for_the_next_export(post: Post) -> None:
    """A row that commits late would be passed over by who goes on behind a later one."""
    rename(post, 2)
    late = post.database.engine.dialect.name == "postgresql"
    seen = export(post)
    newest = max((row.at for row in seen), default=0)
    assert (newest == post.clock.at_us) is not late
    post.clock.at_us += LATE_US
    rest = export(post, seen[-1].id if seen else None)
    with post.database.rows.reading() as tx:
        everything = tx.stretch(AuditRow, after="", limit=EXPORTED_AT_ONCE)
    assert [*seen, *rest] == everything


def test_it_is_refused_before_anything_is_read(post: Post) -> None:
    nobody = Actor("key_1", post.organization, ())
    with pytest.raises(Forbidden):
        audit.export_audit(post.office, nobody, Stretch(), None)
