"""The app as a whole: what it leaves behind."""

import gc
import weakref

from keyhouse.adapters.database import Database
from keyhouse.services.work import Office
from tests.doors.api.conftest import House


async def test_of_an_app_that_served_and_ended_nothing_stays(
    office: Office, database: Database
) -> None:
    """The framework remembers endpoints for ever: none may hold on to its app."""
    house = House(office, database)
    answers = [
        await house.tenant().client.get("/v1/keys"),
        await house.client(None).get("/openapi.json"),
        await house.client(None).get("/no/such/place"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 404]
    await house.close()
    app = weakref.ref(house.app)
    del house, answers
    gc.collect()
    assert app() is None


async def test_the_document_can_be_read_and_nothing_else(house: House) -> None:
    answer = await house.client(None).post("/openapi.json")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
