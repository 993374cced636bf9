"""Somebody who looks at the console's lists of an organization with very many keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import event

from keyhouse.adapters.database import Database
from keyhouse.adapters.system import SystemClock, SystemEntropy
from keyhouse.core import entities, ids
from keyhouse.core.entities import Limit, LimitKind, Window
from keyhouse.services.work import Office
from tests.doors.console.conftest import Visitor
from tests.scale.crowd import BEGAN_US, Crowd
from tests.servers.control import KEYRING

WEBHOOKS: Final = 20
_PREPAID: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Lists:
    """A visitor, and the address of each list page by what it shows."""

    visitor: Visitor
    addresses: dict[str, str]


async def at_home(crowd: Crowd) -> Lists:
    """A member who has signed in; the organization has something in each of its lists."""
    _furnish(crowd)
    visitor = Visitor(_office(crowd.database))
    await visitor.sign_up()
    with crowd.database.rows.writing() as tx:
        (person,) = tx.find(entities.Person)
        id = f"{crowd.organization}/{person.id}"
        tx.insert(
            entities.Member(
                id=id,
                organization_id=crowd.organization,
                person_id=person.id,
                role=entities.Role.OWNER,
                created_at=BEGAN_US,
                updated_at=BEGAN_US,
            )
        )
    return Lists(visitor, _addresses(crowd))


def _addresses(crowd: Crowd) -> dict[str, str]:
    live, own = f"/{crowd.project}/live", f"/{crowd.organization}"
    keys = f"{live}/keys"
    return {
        "applications": f"{live}/applications",
        "keys": keys,
        "keys of a state": f"{keys}?state=revoked",
        "keys of an API": f"{keys}?api=crowded",
        "keys of a customer": f"{keys}?customer=crm-4",
        "keys of an application": f"{keys}?application={crowd.application(5)}",
        "keys by a word": f"{keys}?search=planner",
        "keys that nobody used": f"{keys}?unused=never",
        "customers": f"{live}/customers",
        "plans": f"{live}/plans",
        "APIs": f"{live}/apis",
        "requests": f"{live}/requests",
        "users": f"{live}/apis/{crowd.api}/users",
        "imports": f"{live}/imports",
        "projects": f"{own}/projects",
        "members": f"{own}/members",
        "webhooks": f"{own}/settings/webhooks",
    }


@contextmanager
def statements(
    database: Database, begins: tuple[str, ...] = ("SELECT", "WITH")
) -> Iterator[list[str]]:
    """What is asked of the database meanwhile, but for transactions' ends and settings."""
    asked: list[str] = []

    def keep(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(begins):
            asked.append(statement)

    event.listen(database.engine, "before_cursor_execute", keep)
    try:
        yield asked
    finally:
        event.remove(database.engine, "before_cursor_execute", keep)


def _office(database: Database) -> Office:
    return Office(
        rows=database.rows,
        reports=database.reports,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        keyring=KEYRING,
        secret_prefix="kh",
        knows_zone=lambda _: True,
    )


def _furnish(crowd: Crowd) -> None:
    """Quotas on an API, credits of all customers, endpoints with deliveries."""
    quota = Limit(name="monthly", kind=LimitKind.QUOTA, amount=1000, window=Window.MONTH)
    with crowd.database.rows.writing() as tx:
        api = tx.get(entities.Api, crowd.api)
        assert api is not None
        tx.update(api, limits=(quota,))
        for customer in tx.find(entities.Customer, organization_id=crowd.organization):
            tx.update(customer, credits=_PREPAID, prepaid_at=BEGAN_US)
        for number in range(WEBHOOKS):
            for row in _endpoint(crowd.organization, number):
                tx.insert(row)


def _endpoint(organization: str, number: int) -> Iterator[entities.Entity]:
    """One with two deliveries."""
    webhook = _id(ids.WEBHOOK, number)
    yield entities.Webhook(
        id=webhook,
        organization_id=organization,
        name=f"Endpoint {number}",
        url="https://hooks.example/",
        events=("*",),
        sealing_key_id="seal_test",
        sealed=b"",
        created_at=BEGAN_US,
        updated_at=BEGAN_US,
    )
    for which in (0, 1):
        yield entities.Delivery(
            id=_id(ids.DELIVERY, 2 * number + which),
            organization_id=organization,
            webhook_id=webhook,
            event_id=_id(ids.EVENT, which),
            kind="key.created",
            at=BEGAN_US + which,
            state=entities.DeliveryState.DELIVERED,
        )


def _id(prefix: str, number: int) -> str:
    return ids.make_id(prefix, BEGAN_US, number.to_bytes(ids.ENTROPY_BYTES, "big"))
