"""A key that is made while what it opens is deleted: one of the two is refused."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any

import pytest

from keyhouse.core.entities import Access, Api, KeyKind, Resource
from keyhouse.services import issue
from keyhouse.services.catalog import change_api, delete_api
from keyhouse.services.issue import AccessWish, ApplicationWish, Created, KeyWish
from keyhouse.services.refusals import Invalid, Taken
from keyhouse.services.tenants import create_project, delete_project
from keyhouse.services.work import Work
from tests.servers.acme import Acme

HELD_SECONDS = 0.3
"""For so long the second has time to do what it must not."""
Command = Callable[[Work], Any]


def during(acme: Acme, first: Command, second: Command) -> "Future[Any]":
    """`second`, begun when `first` has written and has not committed yet."""
    with ThreadPoolExecutor(1) as pool:

        def act(work: Work) -> "Future[Any]":
            first(work)
            begun = pool.submit(acme.write, second)
            wait([begun], HELD_SECONDS)
            return begun

        return acme.write(act)


def left(acme: Acme, api: str) -> tuple[int, int]:
    """How many APIs with that id there are, and rows of access to it."""
    with acme.database.rows.reading() as tx:
        return len(tx.find(Api, id=api)), len(tx.find(Access, resource_id=api))


@pytest.mark.parametrize("by_slug", [True, False])
def test_no_key_opens_an_api_that_is_gone(acme: Acme, by_slug: bool) -> None:
    api = acme.api()
    name = "weather" if by_slug else api
    wish = KeyWish(name="Planner", access=(AccessWish(Resource.API, name, ()),))

    def create(work: Work) -> object:
        return issue.create_key(work, wish)

    def delete(work: Work) -> None:
        delete_api(work, name)

    kept = during(acme, create, delete)
    with pytest.raises(Taken, match="has keys"):
        kept.result()
    assert left(acme, api) == (1, 1)


@pytest.mark.parametrize("by_slug", [True, False])
def test_no_key_is_made_for_an_api_that_is_being_deleted(acme: Acme, by_slug: bool) -> None:
    api = acme.api()
    name = "weather" if by_slug else api
    wish = KeyWish(name="Planner", access=(AccessWish(Resource.API, name, ()),))
    late = during(
        acme,
        lambda work: delete_api(work, name),
        lambda work: issue.create_key(work, wish),
    )
    with pytest.raises(Invalid, match="is not known"):
        late.result()
    assert left(acme, api) == (0, 0)


def test_a_project_that_a_key_of_another_one_manages_is_kept(acme: Acme) -> None:
    """Its management key would name nothing; and where both happen at once, one waits."""
    empty = acme.write(lambda work: create_project(work, name="Empty"))
    access = (
        AccessWish(Resource.PROJECT, acme.project, ("keys:read",)),
        AccessWish(Resource.PROJECT, empty.id, ("keys:read",)),
    )
    wish = KeyWish(name="Manager", kind=KeyKind.MANAGEMENT, access=access)
    kept = during(
        acme,
        lambda work: issue.create_key(work, wish),
        lambda work: delete_project(work, empty.id),
    )
    with pytest.raises(Taken, match="management key"):
        kept.result()
    spare = acme.write(lambda work: create_project(work, name="Spare"))
    spared = KeyWish(
        name="Manager",
        kind=KeyKind.MANAGEMENT,
        access=(*access, AccessWish(Resource.PROJECT, spare.id, ("keys:read",))),
    )
    late = during(
        acme,
        lambda work: delete_project(work, spare.id),
        lambda work: issue.create_key(work, spared),
    )
    with pytest.raises(Invalid, match="is not known"):
        late.result()


def test_two_keys_that_name_the_same_apis_crosswise_wait_in_one_order(acme: Acme) -> None:
    """Each holding what the other waits for would cost one of them its request."""
    for slug in ("a1", "b1"):
        acme.api(slug)

    def create(*slugs: str) -> object:
        access = tuple(AccessWish(Resource.API, slug, ()) for slug in slugs)
        return acme.write(
            lambda work: issue.create_key(work, KeyWish(name="k", access=access))
        )

    with ThreadPoolExecutor(4) as pool:
        begun = [
            pool.submit(create, *order)
            for order in [("a1", "b1"), ("b1", "a1")]
            for _ in range(8)
        ]
    assert all(one.result() for one in begun)


def test_two_batches_that_name_the_same_apis_crosswise_are_both_made(acme: Acme) -> None:
    """However many keys lie between the first API of a batch and its last."""
    for slug in ("a1", "b1"):
        acme.api(slug)

    def create(first: str, last: str) -> list[Created]:
        wishes = [
            KeyWish(name="k", access=(AccessWish(Resource.API, slug, ()),))
            for slug in [first] * 20 + [last]
        ]
        with acme.office.rows.writing() as tx:
            return issue.create_keys(acme.office.work(tx, acme.actor), wishes)

    with ThreadPoolExecutor(4) as pool:
        orders = [("a1", "b1"), ("b1", "a1")] * 3
        begun = [pool.submit(create, *order) for order in orders]
    assert [len(one.result()) for one in begun] == [21] * 6


def test_of_two_that_wait_for_each_other_both_are_done(acme: Acme) -> None:
    """PostgreSQL breaks one of them off; its caller is not told that it is away."""
    one, other = acme.api("a1"), acme.api("b1")
    with ThreadPoolExecutor(1) as pool:
        begun: list[Future[Api]] = []

        def rename(work: Work, first: str, last: str) -> Api:
            change_api(work, first, {"name": "first"})
            if first == one and not begun:
                begun.append(
                    pool.submit(acme.write, partial(rename, first=other, last=one))
                )
                wait(begun, HELD_SECONDS)
            return change_api(work, last, {"name": "last"})

        assert acme.write(partial(rename, first=one, last=other)).id == other
        assert begun[0].result().id == one


@pytest.mark.parametrize(
    "wanted", [None, ApplicationWish("Van"), ApplicationWish("Van", "van-1")]
)
def test_an_application_that_two_keys_name_is_made_once(
    acme: Acme, wanted: ApplicationWish | None
) -> None:
    """Whoever sends keys at once for a new customer has one application, not many."""
    for slug in ("a1", "b1"):
        acme.api(slug)

    def create(slug: str, work: Work) -> Created:
        access = (AccessWish(Resource.API, slug, ()),)
        wish = KeyWish(name="k", access=access, application=wanted)
        made.append(issue.create_key(work, wish))
        return made[-1]

    made: list[Created] = []
    late = during(acme, partial(create, "a1"), partial(create, "b1"))
    assert late.result() in made
    assert len({one.view.key.application_id for one in made}) == 1
