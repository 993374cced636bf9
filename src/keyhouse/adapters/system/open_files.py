"""How many files and connections this process may have open."""

import resource


def allow_open_files(wanted: int) -> int:
    """Raise the soft limit to `wanted`, or as far as the hard one lets; the limit now.

    Many a shell gives 1024, for the sake of programs that call select(); we don't.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft if soft != resource.RLIM_INFINITY else wanted
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed
