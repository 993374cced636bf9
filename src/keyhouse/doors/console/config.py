"""What the console has to know of its surroundings."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleConfig:
    """Both addresses are as people reach them, without a slash at the end."""

    gateway_url: str
    public_url: str
    sign_up: Literal["closed", "invited", "open"]

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies are for TLS alone: people come over it."""
        return self.public_url.startswith("https://")
