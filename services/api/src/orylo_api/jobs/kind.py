"""A kind of job: what `job_kinds.py` lists, one for each sort of long work."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from orylo_api.access.roles import Permission
from orylo_api.jobs.run import JobRun
from orylo_common.postgres.pool import Connection


@dataclass(frozen=True, slots=True)
class JobKind:
    """`work` does the job in steps. After a crash it is called again, with the position of the last saved step."""

    name: str
    # For starting and for canceling it.
    permission: Permission
    work: Callable[[JobRun], Awaitable[None]]
    # Counts that still change after the job has ended, such as messages that failed again.
    later_counts: Callable[[Connection, UUID], Awaitable[Mapping[str, int]]] | None = None
