"""What others are to believe is ours: signed with the keyring's keys."""

from keyhouse.adapters.signing.ed25519 import Ed25519Signer

__all__ = ["Ed25519Signer"]
