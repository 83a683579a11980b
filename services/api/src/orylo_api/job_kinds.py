"""Every kind of job: the one table by which jobs are run. A new kind is a module of its subject and a line here."""

from collections.abc import Mapping

from orylo_api.audit_log.export import AUDIT_LOG_EXPORT
from orylo_api.backtests.job import BACKTEST
from orylo_api.conversions.export import CONVERSION_EXPORT
from orylo_api.customers.export import CUSTOMER_EXPORT
from orylo_api.dead_letters.bulk import DEAD_LETTER_BULK
from orylo_api.erasures.job import ERASURE
from orylo_api.jobs.kind import JobKind
from orylo_api.payments.export import PAYMENT_EXPORT
from orylo_api.quarantine.bulk import QUARANTINE_BULK
from orylo_api.rebuilds.job import REBUILD

JOB_KINDS: Mapping[str, JobKind] = {
    kind.name: kind
    for kind in (
        BACKTEST,
        DEAD_LETTER_BULK,
        QUARANTINE_BULK,
        PAYMENT_EXPORT,
        CUSTOMER_EXPORT,
        CONVERSION_EXPORT,
        AUDIT_LOG_EXPORT,
        REBUILD,
        ERASURE,
    )
}


def permissions_by_kind() -> dict[str, str]:
    """Return the table as JSON values. The dashboard says with it who may stop a job, or download its file."""
    return {name: str(kind.permission) for name, kind in JOB_KINDS.items()}
