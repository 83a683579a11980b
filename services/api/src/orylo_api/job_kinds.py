"""Every kind of job: the one table by which jobs are run. A new kind is a module of its subject and a line here."""

from collections.abc import Mapping

from orylo_api.dead_letters.bulk import DEAD_LETTER_BULK
from orylo_api.jobs.kind import JobKind
from orylo_api.quarantine.bulk import QUARANTINE_BULK

JOB_KINDS: Mapping[str, JobKind] = {kind.name: kind for kind in (DEAD_LETTER_BULK, QUARANTINE_BULK)}
