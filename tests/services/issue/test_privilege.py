"""Nobody gets more by a management key than they have themselves."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from keyhouse.core.entities import KeyKind, Resource, Restrictions
from keyhouse.services import catalog, issue, tenants
from keyhouse.services.issue import AccessWish, KeyChanges, KeyWish
from keyhouse.services.refusals import Forbidden, Invalid, Taken
from keyhouse.services.work import Work
from tests.servers.acme import Acme
from tests.services.issue.test_life import DAY_SECONDS, wide_key

BOUNDS = Restrictions(
    networks_allowed=("203.0.113.0/24", "2001:db8::/32"), networks_denied=("203.0.113.7",)
)
NARROWER = (
    BOUNDS,
    replace(BOUNDS, networks_allowed=("203.0.113.128/25",)),
    replace(BOUNDS, networks_denied=("203.0.113.0/28", "2001:db8::/64")),
)
WIDER = (
    Restrictions(),
    replace(BOUNDS, networks_allowed=()),
    replace(BOUNDS, networks_denied=()),
    replace(BOUNDS, networks_allowed=("203.0.112.0/23",)),
    replace(BOUNDS, networks_allowed=("203.0.113.0/24", "198.51.100.1")),
)


@pytest.mark.parametrize("what", ["application", "project"])
def test_nobody_switches_a_management_key_on_again_that_may_do_more(
    acme: Acme, what: str
) -> None:
    """With its application or its project; who may do all that it may does."""
    # The first one has a key of the owner's.
    project = acme.write(lambda work: tenants.create_project(work, name="Other")).id
    wish = manager(project, "*")
    key = acme.write(lambda work: issue.create_key(work, wish)).view.key
    here = acme.holding("applications:*", "projects:*", "keys:*", on=project)

    def switch(work: Work, *, disabled: bool) -> Any:
        if what == "project":
            return tenants.change_project(work, project, {"disabled": disabled})
        id = key.application_id
        return catalog.change_application(work, id, {"disabled": disabled})

    on, off = partial(switch, disabled=False), partial(switch, disabled=True)
    acme.write(on, here)
    acme.write(off, here)
    acme.write(off, here)
    with pytest.raises(Forbidden, match=key.id):
        acme.write(on, here)
    acme.write(on)
    acme.write(on, here)
    acme.write(off, here)
    acme.write(lambda work: issue.revoke_key(work, key.id), here)
    assert acme.write(on, here).disabled_at is None


@pytest.mark.parametrize("bounds", [*NARROWER, *WIDER])
def test_a_bound_key_makes_and_rotates_none_that_works_elsewhere(
    acme: Acme, bounds: Restrictions
) -> None:
    """Who found its secret could else come from anywhere."""
    own = wide_key(acme, restrictions=BOUNDS)
    itself = replace(acme.holding("*", on=acme.project), id=own.id)
    other = wide_key(acme, restrictions=bounds)
    make = partial(issue.create_key, wish=manager(acme.project, restrictions=bounds))
    rotate = partial(issue.rotate_key, id=other.id, overlap_seconds=0)
    if bounds in NARROWER:
        acme.write(make, itself)
        acme.write(rotate, itself)
        return
    with pytest.raises(Invalid, match="restrictions: are wider than your own"):
        acme.write(make, itself)
    with pytest.raises(Taken, match=f"of {other.id} are wider than your own"):
        acme.write(rotate, itself)
    free: KeyChanges = {"restrictions": bounds}
    wider: KeyChanges = {"access": manager(acme.project, "*").access}
    with pytest.raises(Invalid, match="are wider than your own"):
        acme.write(partial(issue.change_key, id=other.id, changes=wider), itself)
    bound = wide_key(acme, restrictions=BOUNDS)
    with pytest.raises(Invalid, match="are wider than your own"):
        acme.write(partial(issue.change_key, id=bound.id, changes=free), itself)


def test_a_key_that_ends_makes_and_rotates_none_that_works_longer(acme: Acme) -> None:
    end = acme.clock.now_us() + DAY_SECONDS * 1_000_000
    own = wide_key(acme, ends_at=end)
    itself = replace(acme.holding("*", on=acme.project), id=own.id)
    for fine in (end, end - 1):
        other = wide_key(acme, ends_at=fine)
        acme.write(partial(issue.rotate_key, id=other.id, overlap_seconds=0), itself)
        acme.write(
            partial(issue.create_key, wish=manager(acme.project, ends_at=fine)), itself
        )
    for later in (None, end + 1):
        other = wide_key(acme, ends_at=later)
        with pytest.raises(Taken, match="is after your own"):
            acme.write(partial(issue.rotate_key, id=other.id, overlap_seconds=0), itself)
        with pytest.raises(Invalid, match="ends_at: is after your own"):
            acme.write(
                partial(issue.create_key, wish=manager(acme.project, ends_at=later)), itself
            )
    acme.write(partial(issue.rotate_key, id=own.id, overlap_seconds=0), itself)


def test_keys_of_applications_have_no_bounds_from_the_key_that_makes_them(
    acme: Acme,
) -> None:
    """They open APIs and manage nothing."""
    acme.api()
    own = wide_key(acme, ends_at=acme.clock.now_us() + 1, restrictions=BOUNDS)
    itself = replace(acme.holding("*", on=acme.project), id=own.id)
    wish = KeyWish(name="Caller", access=(AccessWish(Resource.API, "weather", ()),))
    made = acme.write(partial(issue.create_key, wish=wish), itself)
    assert made.view.key.ends_at is None


def manager(project: str, scope: str = "keys:*", **fields: Any) -> KeyWish:
    """A management key that may do that in a project."""
    access = (AccessWish(Resource.PROJECT, project, (scope,)),)
    return KeyWish(name="Next", kind=KeyKind.MANAGEMENT, access=access, **fields)
