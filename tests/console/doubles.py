"""Stand-ins where a walk over hundreds of requests cannot wait for the real thing."""

from hashlib import sha256

from keyhouse.ports import Mail


class QuickHasher:
    """`ports.PasswordHasher` without its cost: nothing here guards anything."""

    decoy = ""

    def hash(self, password: str) -> str:
        return sha256(password.encode()).hexdigest()

    def verify(self, hashed: str, password: str) -> bool:
        return hashed == self.hash(password)

    def needs_rehash(self, hashed: str) -> bool:
        return False


class Letters:
    """`ports.Mailer` that keeps all mails."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []

    def send(self, mail: Mail) -> None:
        self.sent.append(mail)

    def close(self) -> None:
        pass
