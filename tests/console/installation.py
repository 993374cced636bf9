"""A whole Keyhouse as its users meet it: real processes, free ports, mails kept."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from tests.journeys.conftest import Machine, until


class Installation(Machine):
    """`keyhouse serve` with open sign-up, and what it has mailed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.url = f"http://{self.management}"
        self.gateway_url = f"http://{self.gateway}"

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "KEYHOUSE_MANAGEMENT__SIGN_UP": "open",
            "KEYHOUSE_GATEWAY__UPSTREAM_PRIVATE": "true",
        }

    def mails(self, to: str) -> list[EmailMessage]:
        """What lies in the data folder for that address, oldest first."""
        files = sorted(
            (self.data / "mail").glob("*.eml"), key=lambda at: at.stat().st_mtime
        )
        read = [message_from_bytes(file.read_bytes(), policy=default) for file in files]
        return [mail for mail in read if to in str(mail["To"])]

    def link(self, to: str, path: str) -> str:
        """The newest mailed link to that page, as soon as there is one."""
        found: list[str] = []

        def came() -> bool:
            bodies = [str(mail.get_content()) for mail in self.mails(to)]
            pattern = re.escape(f"{self.url}{path}") + r"[^\s>]*"
            found[:] = re.findall(pattern, "\n".join(bodies))
            return bool(found)

        assert until(came), f"no mail to {to} with a link to {path}"
        return found[-1]
