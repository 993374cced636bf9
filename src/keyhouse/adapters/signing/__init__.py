"""What others are to believe is ours: signed with the keyring's keys."""

from keyhouse.adapters.signing.keyring_signer import KeyringSigner

__all__ = ["KeyringSigner"]
