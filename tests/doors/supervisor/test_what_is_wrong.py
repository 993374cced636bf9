import socket
from pathlib import Path

import pytest

from keyhouse.doors.supervisor.folder import make_writable
from keyhouse.doors.supervisor.sockets import CannotStart, Listener, bind, reachable_at


def _listener(host: str, port: int) -> Listener:
    return Listener("gateway", "gateway.listen", host, port)


def test_a_taken_port_is_told_with_its_setting_and_the_way_to_change_it() -> None:
    with bind(_listener("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        with pytest.raises(CannotStart) as caught:
            bind(_listener("127.0.0.1", port))
    told = str(caught.value)
    assert f"can't listen on 127.0.0.1:{port}: another program has that port" in told
    assert "--set gateway.listen=" in told
    assert "KEYHOUSE_GATEWAY__LISTEN=" in told


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_ours_is_told_by_name(host: str) -> None:
    with pytest.raises(CannotStart, match=host):
        bind(_listener(host, 0))


def test_a_socket_on_all_addresses_is_reached_by_loopback() -> None:
    with bind(_listener("0.0.0.0", 0)) as bound:
        host, port = reachable_at(bound)
        with socket.create_connection((host, port), timeout=1):
            pass


def test_a_data_folder_that_cannot_be_made_is_told_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart) as caught:
        make_writable(tmp_path / "file" / "data")
    assert f"The data folder {tmp_path}/file/data can't be written" in str(caught.value)
    assert "KEYHOUSE_DATA__DIR" in str(caught.value)


def test_a_data_folder_that_takes_no_files_is_told() -> None:
    with pytest.raises(CannotStart, match="/proc/self"):
        make_writable(Path("/proc/self"))


def test_a_new_data_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    make_writable(tmp_path / "a" / "data")
    assert (tmp_path / "a" / "data").stat().st_mode & 0o777 == 0o700
