"""The command `kh`: for those who call APIs, and for the keys they hold.

Exit codes: 0 done · 1 refused · 2 wrong use · 3 not reachable
"""

from keyhouse_client.command.line import main

__all__ = ["main"]
