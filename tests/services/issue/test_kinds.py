"""What would not hold for a management key is refused, not kept and passed over."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from keyhouse.core.entities import (
    Key,
    KeyKind,
    Limit,
    LimitKind,
    Resource,
    Restrictions,
    Window,
)
from keyhouse.services import issue
from keyhouse.services.issue import AccessWish, KeyChanges, KeyWish
from keyhouse.services.refusals import Invalid
from tests.servers.acme import Acme
from tests.services.issue.test_life import wide_key

NETWORKS = Restrictions(networks_allowed=("203.0.113.0/24",))
OTHERS = {
    "restrictions.endpoints": Restrictions(endpoints=("GET /v1/apis",)),
    "restrictions.referrers": Restrictions(referrers=("https://example.com/*",)),
    "restrictions.apps": Restrictions(apps=("ios:com.example.App",)),
}
DAILY = Limit(name="daily", kind=LimitKind.QUOTA, amount=5, window=Window.DAY)
UNUSED: dict[str, KeyChanges] = {
    "limits": {"limits": (DAILY,)},
    **{field: {"restrictions": bounds} for field, bounds in OTHERS.items()},
}
ALL = Restrictions(
    networks_allowed=NETWORKS.networks_allowed,
    referrers=OTHERS["restrictions.referrers"].referrers,
    endpoints=(*OTHERS["restrictions.endpoints"].endpoints, "GET /v1/keys"),
    apps=OTHERS["restrictions.apps"].apps,
)


def manager(acme: Acme, **fields: Any) -> KeyWish:
    access = (AccessWish(Resource.PROJECT, acme.project, ("keys:*",)),)
    return KeyWish(name="Next", kind=KeyKind.MANAGEMENT, access=access, **fields)


def older(acme: Acme) -> Key:
    """A management key from before they were refused."""
    key = wide_key(acme, restrictions=NETWORKS)
    with acme.office.rows.writing() as tx:
        return tx.update(key, restrictions=ALL, limits=(DAILY,))


@pytest.mark.parametrize("field", UNUSED)
def test_a_management_key_is_not_made_with_what_would_not_hold(
    acme: Acme, field: str
) -> None:
    """Whoever believed it bound would have given away a key that may do everything."""
    with pytest.raises(Invalid) as refused:
        acme.write(partial(issue.create_key, wish=manager(acme, **UNUSED[field])))
    (problem,) = refused.value.problems
    assert problem.field == field
    assert problem.reason == "are not for management keys"
    assert problem.mend == "use scopes and networks"


@pytest.mark.parametrize("field", UNUSED)
def test_a_management_key_is_not_changed_to_what_would_not_hold(
    acme: Acme, field: str
) -> None:
    key = wide_key(acme)
    with pytest.raises(Invalid, match=f"{field}: are not for management keys"):
        acme.write(partial(issue.change_key, id=key.id, changes=UNUSED[field]))


def test_a_management_key_is_bound_by_its_networks(acme: Acme) -> None:
    made = acme.write(partial(issue.create_key, wish=manager(acme, restrictions=NETWORKS)))
    assert made.view.key.restrictions == NETWORKS


def test_an_older_key_is_changed_otherwise_and_loses_them(acme: Acme) -> None:
    """What it has may stay, and go by and by; nothing of the kind comes to it."""
    key = older(acme)
    change = partial(issue.change_key, id=key.id)
    acme.write(partial(change, changes={"name": "Other"}))
    fewer = replace(ALL, endpoints=("GET /v1/keys",), apps=())
    acme.write(partial(change, changes={"restrictions": fewer, "limits": (DAILY,)}))
    with pytest.raises(Invalid, match=r"restrictions\.apps: are not for"):
        acme.write(partial(change, changes={"restrictions": ALL}))
    more = replace(DAILY, amount=6)
    with pytest.raises(Invalid, match="limits: are not for"):
        acme.write(partial(change, changes={"limits": (more,)}))
    done = acme.write(partial(change, changes={"restrictions": NETWORKS, "limits": ()}))
    assert done.key.restrictions == NETWORKS
    assert done.key.limits == ()


def test_what_does_not_hold_binds_no_other_key(acme: Acme) -> None:
    """A key that has endpoints makes and rotates keys without, and is rid of them."""
    key = older(acme)
    itself = replace(acme.holding("*", on=acme.project), id=key.id)
    other = wide_key(acme, restrictions=NETWORKS)
    acme.write(partial(issue.rotate_key, id=other.id, overlap_seconds=0), itself)
    acme.write(partial(issue.create_key, wish=manager(acme, restrictions=NETWORKS)), itself)
    free: KeyChanges = {"restrictions": NETWORKS}
    acme.write(partial(issue.change_key, id=key.id, changes=free), itself)
