import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from tests.console.browser import running_browser
from tests.console.installation import Installation
from tests.console.people import Signed, signed_up
from tests.console.upstream import running_upstream
from tests.servers.control import database, migrated, office

__all__ = ["database", "migrated", "office"]

SignUp = Callable[..., Signed]


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("console"))
    try:
        made.serve()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def upstream() -> Iterator[str]:
    with running_upstream() as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # No longer than a module: Playwright's own event loop would stand in the way
    # of the asynchronous tests that the same process runs next.
    with running_browser() as started:
        yield started


@pytest.fixture(scope="session")
def sign_up(installation: Installation) -> Iterator[SignUp]:
    """Makes people; each has an organization and a project of their own."""
    numbers = itertools.count()
    with ExitStack() as leaving:

        def make(name: str = "Ada Byron") -> Signed:
            first = name.partition(" ")[0].lower()
            email = f"{first}.{next(numbers)}@example.com"
            signed = signed_up(installation, name, email)
            leaving.callback(signed.client.close)
            return signed

        yield make
