"""Mail addresses as people are known by them."""


def mailbox(text: str) -> str:
    """One spelling for one address: without spaces around it, in lower case.

    The part before the @ could tell cases apart (RFC 5321, 2.4). No provider
    does, and two accounts that differ by case alone would be a trap.
    """
    return text.strip().lower()
