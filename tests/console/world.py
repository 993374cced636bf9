"""Two organizations that must not see each other, and their people, without processes."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from itertools import product
from typing import NamedTuple

import httpx
from fastapi import FastAPI

from keyhouse.adapters.database import Database
from keyhouse.core import ids
from keyhouse.core.addresses import parse_address
from keyhouse.core.csrf import SESSION_COOKIE, csrf_token
from keyhouse.core.entities import (
    CreditKind,
    Environment,
    ImportAccess,
    ImportFormat,
    Member,
    Person,
    Role,
)
from keyhouse.core.usage import LogRow, UsageBatch, Use
from keyhouse.core.verdict import Verdict
from keyhouse.doors.console import ConsoleConfig, build_console
from keyhouse.services import issue, members
from keyhouse.services.catalog import (
    create_api,
    create_application,
    create_customer,
    create_route,
    set_upstream_header,
)
from keyhouse.services.imports import (
    ImportWish,
    create_import,
    import_at_once,
    read_part,
)
from keyhouse.services.issue import SecretState
from keyhouse.services.people import PeopleDesk
from keyhouse.services.people.sessions import open_session
from keyhouse.services.plans import OpeningWish, create_plan, create_subscription
from keyhouse.services.prepaid import CreditWish, add_credit
from keyhouse.services.rotation import create_calendar
from keyhouse.services.tenants import (
    ProjectChanges,
    change_organization,
    change_project,
    create_project,
)
from keyhouse.services.webhooks import WebhookWish, create_webhook, send_test
from keyhouse.services.work import Office, Work
from tests.console.doubles import Letters, QuickHasher
from tests.console.routes import Way
from tests.servers.acme import Acme

URL = "http://console.test"
AGENT = "Mozilla/5.0 (walk)"
CHOICES: Mapping[str, tuple[str, ...]] = {
    "environment": ("test",),
    "act": ("disable", "enable", "revoke"),
    "part": (
        "name",
        "about",
        "access",
        "restrictions",
        "limits",
        "expiry",
        "rotation",
    ),
}
"""Parameters that name no row."""


class Visitor(NamedTuple):
    """Somebody's browser: the cookie and the token that their pages hold."""

    person: str = ""
    token: str = ""
    session: str = ""

    @property
    def csrf(self) -> str:
        """What this visitor's forms send along."""
        return csrf_token(self.token)

    def client(self, app: FastAPI) -> httpx.AsyncClient:
        """A browser of theirs, which does not follow redirects."""
        # An error of the app must come out as the answer that a caller would see.
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        cookies = {SESSION_COOKIE: self.token} if self.token else {}
        return httpx.AsyncClient(transport=transport, base_url=URL, cookies=cookies)


STRANGER = Visitor()


class Furnished(NamedTuple):
    """An organization with one of everything.

    `ids` are what a path's parameter can be here; `secrets` are told nobody
    again, `words` are names that only its members may read.
    """

    acme: Acme
    ids: Mapping[str, str]
    secrets: tuple[str, ...]
    words: tuple[str, ...]

    def seen_in(self, text: str) -> list[str]:
        """What of this organization stands in a text."""
        own = (*self.ids.values(), *self.secrets, *self.words)
        return [word for word in own if len(word) > 6 and word in text]

    def under(self, other: "Furnished") -> "Furnished":
        """These things, looked for below another organization's addresses."""
        places = {name: other.ids[name] for name in ("organization", "project")}
        return self._replace(ids={**self.ids, **places})


def fill(way: Way, at: Furnished) -> list[str]:
    """The paths of a way into an organization, one for each choice it leaves."""
    ids = {**at.ids, **_spare(way.path, at.ids)}
    named = [name for name in way.parameters if name in CHOICES]
    return [
        way.to({**ids, **dict(zip(named, chosen, strict=True))})
        for chosen in product(*(CHOICES[name] for name in named))
    ]


def _spare(path: str, ids: Mapping[str, str]) -> dict[str, str]:
    """What can be deleted stands in for what hangs together with other things."""
    kind = re.search(r"{(api|application|customer|plan|project)}/delete$", path)
    return {kind[1]: ids[f"spare_{kind[1]}"]} if kind else {}


class World:
    """The console over two furnished organizations."""

    def __init__(self, office: Office, database: Database) -> None:
        self.office = office
        self.database = database
        self.letters = Letters()
        self.people = PeopleDesk(
            office=office,
            hasher=QuickHasher(),
            mailer=self.letters,
            admits="open",
            public_url=URL,
        )
        config = ConsoleConfig(
            gateway_url="http://gateway.test", public_url=URL, sign_up="open"
        )
        self.app = build_console(office, self.people, config)
        self.ours = self._furnished("quokka")
        self.theirs = self._furnished("wombat")
        self.owner = self.visitor(self.ours, Role.OWNER)
        self.viewer = self.visitor(self.ours, Role.VIEWER)
        self.foreigner = self.visitor(self.theirs, Role.OWNER)
        self._kept = f"{database.engine.url.database}.kept"
        _copy(self._file, self._kept)

    def restore(self) -> None:
        """Everything as it was when the world was made."""
        _copy(self._kept, self._file)

    @property
    def _file(self) -> str:
        return str(self.database.engine.url.database)

    def visitor(self, at: Furnished, role: Role) -> Visitor:
        """A new member with that role, logged in."""
        person = self._member(at.acme.organization, f"{role} person", role)
        with self.office.rows.writing() as tx:
            signed = open_session(self.people, tx, person, "192.0.2.1", AGENT)
        return Visitor(person.id, signed.token, signed.session_id)

    def _furnished(self, word: str) -> Furnished:
        acme = Acme(self.office, self.database, f"owner@{word}.example")
        home, project = acme.organization, acme.project
        acme.write(lambda work: change_organization(work, home, {"name": f"{word} house"}))
        renamed: ProjectChanges = {"name": f"{word} project"}
        acme.write(lambda work: change_project(work, project, renamed))
        api = acme.api(f"{word}-api", upstreams={"test": "http://127.0.0.1:9"})
        made = acme.key(f"{word} key", f"{word}-api")
        acme.book(made, 3)
        acme.book(made, 2, verdict=Verdict.RATE_LIMITED)
        key = made.view.key
        again = acme.write(lambda work: issue.rotate_key(work, key.id, 3600))
        secrets = acme.read(lambda look: issue.list_secrets(look, key.id))
        ending = [one for one in secrets if one.state is SecretState.ENDING]
        offer = acme.write(
            lambda work: members.invite(work, f"new@{word}.example", Role.DEVELOPER)
        )
        ids = {
            "organization": home,
            "project": project,
            "api": api,
            "key": key.id,
            "application": key.application_id,
            "secret": ending[0].secret.id,
            "invitation": offer.invitation.id,
            "person": self._member(home, f"{word} clerk", Role.DEVELOPER).id,
            "request_id": self._refused(made, word),
            "token": offer.token,
            "id": "ses_0000000000000000000000",
            **self._spare(acme, word, api),
        }
        value, header = f"{word}-internal-token", f"X-{word.title()}-Key"
        acme.write(lambda work: set_upstream_header(work, api, header, value))
        ids["name"] = header
        issued = (made.issued.secret.reveal(), again.issued.secret.reveal())
        told = (*issued, offer.token, value)
        names = ("house", "project", "key", "clerk", "program", "customer")
        words = (*(f"{word} {name}" for name in names), f"{word}-api")
        return Furnished(acme, ids, told, words)

    def _refused(self, made: issue.Created, word: str) -> str:
        """A request in the log that came too fast; its id."""
        key, (opened, *_) = made.view.key, made.view.access
        own = key.organization_id
        names = (own, own, opened.resource_id, "", key.id, 1, key.application_id)
        row = LogRow(
            request_id=f"req_{word}0000000000000000",
            at_us=self.office.clock.now_us(),
            use=Use(*names, "test", ""),
            verdict=Verdict.RATE_LIMITED.number,
            method="GET",
            path=f"/{word}/forecast",
            address=parse_address("198.51.100.7"),
            status=None,
            latency_us=None,
        )
        spool = f"spl_log_{word}"
        self.database.sink.open_spool(spool, "nod_walk", "boot")
        assert self.database.sink.book(UsageBatch(spool, 0, 1, log=[row]))
        return row.request_id

    def _spare(self, acme: Acme, word: str, api: str) -> dict[str, str]:
        """Things that nothing hangs on, so that they can be deleted."""

        def make(work: Work) -> dict[str, str]:
            program = create_application(
                work, name=f"{word} program", external_id=f"{word}-program"
            )
            route = create_route(work, api, method="GET", path="/a", fields={})
            unused = create_api(work, slug=f"{word}-spare", project=None, fields={})
            project = create_project(work, name=f"{word} spare")
            buyer = create_customer(
                work, external_id=f"{word} customer", project=acme.project, fields={}
            )
            wish = CreditWish(5, CreditKind.GRANT, f"{word} customer")
            credit = add_credit(work, buyer.id, wish)
            browser = create_customer(
                work, external_id=f"{word} nobody", project=acme.project, fields={}
            )
            # In a project of its own: while it is open, no other one begins there.
            busy = create_project(work, name=f"{word} busy")
            begun = create_import(
                work, ImportWish(format=ImportFormat.CSV, project=busy.id)
            )
            told = create_webhook(
                work,
                WebhookWish(
                    name=f"{word} listener", url="https://93.184.215.14/", events=("*",)
                ),
            ).webhook
            offer = create_plan(
                work,
                slug=f"{word}-plan",
                project=acme.project,
                fields={"access": (OpeningWish(api),)},
            ).plan
            unsold = create_plan(
                work,
                slug=f"{word}-unsold",
                project=acme.project,
                fields={"access": (OpeningWish(api),)},
            ).plan
            subscriber = create_application(
                work, name=f"{word} subscriber", project=acme.project
            )
            joined = create_subscription(work, plan=offer.id, application=subscriber.id)
            return {
                "plan": offer.id,
                "import_id": self._import(work, word, api),
                "subscription": joined.id,
                "webhook": told.id,
                "import": begun.id,
                "calendar": create_calendar(work, f"{word} dates").calendar.id,
                "delivery": send_test(work, told.id).id,
                "route": route.id,
                "customer": buyer.id,
                "credit": credit.id,
                "spare_customer": browser.id,
                "spare_application": program.id,
                "spare_api": unused.id,
                "spare_plan": unsold.id,
                "spare_project": project.id,
            }

        return acme.write(make)

    def _import(self, work: Work, word: str, api: str) -> str:
        """A key of another system that is in."""
        text = f"name,secret\n{word} import,a-{word}-of-another-system\n"
        form = ImportFormat.CSV
        part = read_part(form, 1, text, None, self.office.knows_zone)
        access, test = (ImportAccess(api=api),), Environment.TEST
        wish = ImportWish(format=form, access=access, environment=test)
        return import_at_once(work, wish, part).id

    def _member(self, organization: str, name: str, role: Role) -> Person:
        now = self.office.clock.now_us()
        id = self.office.new_id(ids.PERSON, now)
        email = f"{name.replace(' ', '.')}.{id[-6:].lower()}@example.com"
        person = Person(id=id, name=name, email=email, created_at=now, updated_at=now)
        member = Member(
            id=f"{organization}/{id}",
            organization_id=organization,
            person_id=id,
            role=role,
            created_at=now,
            updated_at=now,
        )
        with self.office.rows.writing() as tx:
            tx.insert(person)
            tx.insert(member)
        return person


def _copy(source: str, target: str) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


@asynccontextmanager
async def built(office: Office, database: Database) -> AsyncIterator[World]:
    """A world, made off the loop that its console will use."""
    yield await asyncio.to_thread(World, office, database)
