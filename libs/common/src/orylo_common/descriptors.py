"""The process's limit of file descriptors, most of which are connections."""

import resource
from contextlib import suppress

# More than any service uses. On some systems the hard limit is infinite and a process cannot have it.
WANTED = 65_536


def raise_descriptor_limit() -> None:
    """Raise the soft limit to the hard limit, or to `WANTED`. Many systems set the soft limit to 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(hard, WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def descriptor_limit() -> int:
    """Return the soft limit, at most `WANTED`."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return WANTED if soft == resource.RLIM_INFINITY else min(soft, WANTED)
