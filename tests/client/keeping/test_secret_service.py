"""The keychain of a Linux desktop: GNOME Keyring, spoken to as `kh` does for real."""

import os
import subprocess
import sys
from pathlib import Path

SECRET = "sk_of_another_provider_123"
STORY = """
printf 'the password of the keychain' | gnome-keyring-daemon --unlock --components=secrets
kh() { "$PYTHON" -m keyhouse_client.command "$@"; }
printf "$SECRET" | kh store set stripe
kh store list
kh store get stripe
echo 'KEY=kh://stripe' > .env
kh run -- sh -c 'echo "it got $KEY"'
printf 'another' | kh store set stripe --force
kh store get stripe
kh store remove stripe
kh store get stripe
echo "exit code $?"
"""


def test_a_secret_is_kept_in_the_keychain_of_a_desktop(tmp_path: Path) -> None:
    """It is the usual place where there is one, and no file of ours holds the secret."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    ran = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", STORY],
        cwd=tmp_path,
        env=kept | {"HOME": str(tmp_path), "PYTHON": sys.executable, "SECRET": SECRET},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    told = ran.stdout.splitlines()
    assert "keychain (SecretService Keyring)" in ran.stderr
    assert any(line.split()[:2] == ["stripe", "keychain"] for line in told), ran.stderr
    assert told[-5:] == [
        SECRET,
        f"it got {SECRET}",
        "another",
        "stripe is removed",
        "exit code 1",
    ]
    held = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert held
    assert not any(SECRET.encode() in data or b"another" in data for data in held)
