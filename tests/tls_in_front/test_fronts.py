"""What the gateway and an upstream see through proxies that end TLS and HTTP/2."""

import pytest

from tests.tls_in_front.conftest import CALLER, HOST, Front, House

_ELSEWHERE = "203.0.113.7"


def test_a_call_over_http_2_reaches_the_api_of_its_host(
    house: House, behind: Front
) -> None:
    answer = behind.call("/now?in=oslo", house.key())
    assert (answer.status_code, answer.http_version) == (200, "HTTP/2"), answer.text
    told = answer.json()
    assert told["path"] == "/now?in=oslo"
    headers = dict(told["headers"])
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-forwarded-host"].partition(":")[0] == HOST
    assert headers["x-forwarded-for"].split(", ")[0] == CALLER
    assert headers["keyhouse-request-id"] == answer.headers["keyhouse-request-id"]


def test_the_callers_address_is_the_one_that_counts(house: House, behind: Front) -> None:
    """And not the proxy's, nor one that a caller makes up."""
    here = house.key(networks_allowed=[f"{CALLER}/32"])
    assert behind.call("/", here).status_code == 200
    for network in ("127.0.0.1/32", f"{_ELSEWHERE}/32"):
        there = house.key(networks_allowed=[network])
        made_up = {
            "X-Forwarded-For": _ELSEWHERE,
            "X-Real-IP": _ELSEWHERE,
            "Forwarded": f"for={_ELSEWHERE}",
        }
        assert behind.call("/", there).status_code == 403
        assert behind.call("/", there, **made_up).status_code == 403


def test_nobody_makes_up_a_scheme_or_another_host(house: House, behind: Front) -> None:
    made_up = {
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "other.example.com",
        "Forwarded": "host=other.example.com;proto=http",
        "Keyhouse-Key-Id": "theirs",
    }
    answer = behind.call("/now", house.key(), **made_up)
    assert answer.status_code == 200, answer.text
    headers = dict(answer.json()["headers"])
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-forwarded-host"].partition(":")[0] == HOST
    assert headers["keyhouse-key-id"].startswith("key_")


def test_a_body_goes_through_and_one_connection_serves_many(
    house: House, behind: Front
) -> None:
    secret, body = house.key(), "x" * 3_000_000
    sent = {"Host": f"{HOST}:{behind.port}", "X-API-Key": secret}
    with behind.client(headers=sent) as client:
        for _ in range(3):
            answer = client.post("/", content=body, extensions={"sni_hostname": HOST})
            assert (answer.status_code, answer.http_version) == (200, "HTTP/2")
            assert len(answer.json()["body"]) == len(body)


def test_a_websocket_passes(house: House, behind: Front) -> None:
    with behind.websocket("/chat/room?a=b", house.key()) as link:
        for message in ("hello", "x" * 100_000):
            link.send(message)
            told, _, said = str(link.recv(20)).rpartition(" ")
            assert said == message
            assert told.split(",")[0] == f"/room?a=b {CALLER}"


@pytest.mark.parametrize("path", ["/a//b", "/a%2Fb", "/a;b"])
def test_a_path_with_two_readings_is_refused_and_not_mended(
    house: House, behind: Front, path: str
) -> None:
    """A proxy that mends it would have the checks read another path than was asked for."""
    answer = behind.call(path, house.key())
    assert (answer.status_code, answer.json()["code"]) == (400, "ambiguous_path")


def test_a_refusal_is_the_gateways_own(behind: Front) -> None:
    answer = behind.call("/now", "kh_sk_test_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17")
    assert answer.status_code == 401
    assert answer.json()["code"] == "unknown"
    assert answer.headers["www-authenticate"].startswith("Bearer")
