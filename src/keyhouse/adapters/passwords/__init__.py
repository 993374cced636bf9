"""Passwords by argon2id."""

from keyhouse.adapters.passwords.argon2id import Argon2Hasher

__all__ = ["Argon2Hasher"]
