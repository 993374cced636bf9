"""The kernel's randomness."""

import os


class SystemEntropy:
    """`ports.Entropy` from the kernel's generator; fit for secrets."""

    def take(self, count: int) -> bytes:
        """`count` fresh random bytes."""
        return os.urandom(count)
