"""An https upstream: its certificate is checked, by the CAs that the machine trusts."""

import json
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import KEY, api_record
from tests.doors.gateway.wire import RawUpstream

ASK = f"GET /weather/x HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY.decode()}\r\n\r\n".encode()
NEW = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Certificates:
    """A CA in a folder, and what it signs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca = self.self_signed(
            "ca", "DNS:ca.invalid", "-addext", "keyUsage=keyCertSign"
        )

    def self_signed(self, name: str, alternative: str, *rest: str) -> Path:
        """A certificate in NAME.pem that vouches for itself, with its key beside it."""
        path = self.folder / f"{name}.pem"
        files = ("-keyout", f"{self.folder}/{name}.key", "-out", str(path))
        names = ("-subj", f"/CN={name}", "-addext", f"subjectAltName={alternative}")
        command = ("openssl", *NEW, "-days", "2", *files, *names, *rest)
        subprocess.run(command, check=True, capture_output=True)
        return path

    def signed(self, name: str, alternative: str) -> Path:
        """A certificate that the CA vouches for."""
        by = ("-CA", str(self.ca), "-CAkey", str(self.ca.with_suffix(".key")))
        end = ("-addext", "basicConstraints=critical,CA:FALSE")
        return self.self_signed(name, alternative, *by, *end)


@pytest.fixture
def certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificates:
    made = Certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.ca))
    return made


@pytest.fixture
async def upstream() -> AsyncIterator[RawUpstream]:
    """Started by the test, with a certificate."""
    raw = RawUpstream()
    yield raw
    await raw.stop()


async def serve(house: House, certificate: Path) -> None:
    """The API behind https at `localhost`, with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    await house.upstream.start(context)
    url = f"https://localhost:{house.upstream.port}"
    house.verifier.apis["weather"] = api_record("weather", url)
    await house.start()


async def test_one_that_a_trusted_ca_vouches_for_is_called(
    house: House, certificates: Certificates
) -> None:
    await serve(house, certificates.signed("good", "DNS:localhost"))
    for _ in range(2):
        told = await house.ask(ASK)
        assert (told.status, told.body) == (200, b"hello")
    assert house.upstream.connections == 1


async def test_one_for_another_name_is_refused(
    house: House, certificates: Certificates
) -> None:
    """Whoever can answer in an upstream's place must not get the callers' requests."""
    await serve(house, certificates.signed("other", "DNS:other.invalid"))
    await refused(house)


async def test_one_that_vouches_for_itself_is_refused(
    house: House, certificates: Certificates
) -> None:
    await serve(house, certificates.self_signed("self", "DNS:localhost"))
    await refused(house)


async def refused(house: House) -> None:
    told = await house.ask(ASK)
    assert (told.status, json.loads(told.body)["code"]) == (502, "upstream_unreachable")
    assert house.upstream.requests == []
    assert house.meter.completed_rows[0]["status"] == 502
