"""What must be read again and by nobody else: sealed with the keyring's keys."""

from keyhouse.adapters.sealing.aead import AeadSealer

__all__ = ["AeadSealer"]
