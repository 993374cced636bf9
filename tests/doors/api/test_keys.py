"""The life of a key through the management API."""

from typing import Any

import pytest

from tests.doors.api.conftest import House, Tenant


async def test_first_key_needs_four_calls(tenant: Tenant) -> None:
    project = await tenant.make("/v1/projects", name="Weather")
    api = await tenant.make("/v1/apis", slug="weather", project=project["id"])
    application = await tenant.make(
        "/v1/applications", name="Planner", project=project["id"]
    )
    key = await tenant.key(application=application["id"])
    assert key["project"] == project["id"]
    assert key["application"] == application["id"]
    assert key["access"] == [{"api": api["id"], "slug": "weather", "scopes": []}]
    assert key["secret"].startswith("kh_sk_test_")
    assert key["state"] == "active"
