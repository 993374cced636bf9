"""Names in a file and ids in the database: each found from the other."""

from collections.abc import Callable
from typing import Final

from keyhouse.core import ids
from keyhouse.core.entities import Api, Application, Customer, Plan, Project
from keyhouse.services.catalog import find_api
from keyhouse.services.declare.bought import find_bought_api
from keyhouse.services.refusals import NotFound
from keyhouse.services.work import Look, Owned, Work

_HELD_MAX: Final = 10_000
"""Names kept at once; they are found again when they are dropped."""


class Ambiguous(Exception):
    """Several things have the name: one is to be named by its id."""


class Names:
    """Of one organization, in one transaction. Names are kept, for most come often."""

    def __init__(self, at: Look | Work) -> None:
        self._at = at
        self._held: dict[str, str] = {}

    def find_project(self, text: str) -> str | None:
        """By id or name. Raises Ambiguous."""
        if ids.is_id(text, ids.PROJECT):
            return self._own(Project, text)
        if not text.isprintable():
            return None
        organization = self._at.actor.organization_id
        found = self._at.tx.page(
            Project, after=None, limit=2, organization_id=organization, name=text
        ).rows
        return _only([row.id for row in found])

    def find_api(self, text: str) -> str | None:
        """By id or slug; of other organizations those it has or had bought."""
        api = find_api(self._at, text) or find_bought_api(self._at, text)
        return None if api is None else api.id

    def find_plan(self, project_id: str, text: str) -> str | None:
        """By id, by slug in the project, or as `another project/slug`.

        Raises Ambiguous.
        """
        if ids.is_id(text, ids.PLAN):
            return self._own(Plan, text)
        project, slash, slug = text.rpartition("/")
        home = self.find_project(project) if slash else project_id
        if home is None or not slug.isprintable():
            return None
        found = self._at.tx.find(Plan, project_id=home, slug=slug)
        return found[0].id if found else None

    def find_customer(self, project_id: str, text: str) -> str | None:
        """By id, or by external id in the project."""
        if ids.is_id(text, ids.CUSTOMER):
            return self._own(Customer, text)
        if not text.isprintable():
            return None
        found = self._at.tx.find(Customer, project_id=project_id, external_id=text)
        return found[0].id if found else None

    def find_application(self, project_id: str, text: str) -> str | None:
        """By id, or by external id or else name in the project. Raises Ambiguous."""
        if ids.is_id(text, ids.APPLICATION):
            return self._own(Application, text)
        if not text.isprintable():
            return None
        named = self._at.tx.find(Application, project_id=project_id, external_id=text)
        if named:
            return named[0].id
        found = self._at.tx.page(
            Application, after=None, limit=2, project_id=project_id, name=text
        ).rows
        return _only([row.id for row in found])

    def of_project(self, id: str) -> str:
        """The project's name, its id where another has the same."""
        return self._name(id, self._project_name)

    def of_api(self, id: str) -> str:
        """The API's slug."""
        return self._name(id, self._api_name)

    def of_customer(self, id: str) -> str:
        """The customer's external id."""
        return self._name(id, self._customer_name)

    def of_application(self, id: str) -> str:
        """The application's external id, else its name, its id where that fits another."""
        return self._name(id, self._application_name)

    def of_plan(self, id: str, home: str) -> str:
        """The plan's slug, behind its project where that is not `home`."""
        row = self._at.tx.get(Plan, id)
        if row is None or row.project_id == home:
            return id if row is None else row.slug
        return f"{self.of_project(row.project_id)}/{row.slug}"

    def of(self, section: str, id: str, home: str = "") -> object:
        """What an id is called in a file, in the section where it stands, by an entry

        of the project `home`.
        """
        if section == "organizations":
            return True
        if section == "plans":
            return self.of_plan(id, home)
        return {
            "projects": self.of_project,
            "apis": self.of_api,
            "customers": self.of_customer,
            "applications": self.of_application,
        }[section](id)

    def find(self, section: str, project_id: str, text: str) -> str | None:
        """The id of what is called so; Ambiguous where several are."""
        if section == "projects":
            return self.find_project(text)
        if section == "apis":
            return self.find_api(text)
        if section == "plans":
            return self.find_plan(project_id, text)
        if section == "customers":
            return self.find_customer(project_id, text)
        return self.find_application(project_id, text)

    def _name(self, id: str, find: Callable[[str], str]) -> str:
        if id not in self._held:
            if len(self._held) >= _HELD_MAX:
                self._held.clear()
            self._held[id] = find(id)
        return self._held[id]

    def _project_name(self, id: str) -> str:
        row = self._at.tx.get(Project, id)
        return id if row is None else self._sure(id, row.name, self.find_project)

    def _api_name(self, id: str) -> str:
        row = self._at.tx.get(Api, id)
        return id if row is None else row.slug

    def _customer_name(self, id: str) -> str:
        row = self._at.tx.get(Customer, id)
        return id if row is None else row.external_id

    def _application_name(self, id: str) -> str:
        row = self._at.tx.get(Application, id)
        if row is None:
            return id
        text = row.external_id or row.name
        return self._sure(
            id, text, lambda text: self.find_application(row.project_id, text)
        )

    def _sure(self, id: str, text: str, find: Callable[[str], str | None]) -> str:
        """The text, if it leads back to the id."""
        try:
            return text if find(text) == id else id
        except Ambiguous:
            return id

    def _own(self, kind: type[Owned], id: str) -> str | None:
        try:
            return self._at.own(kind, id).id
        except NotFound:
            return None


def _only(found: list[str]) -> str | None:
    if len(found) > 1:
        raise Ambiguous
    return found[0] if found else None
