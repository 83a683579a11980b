"""Many verdicts from a file, in the caller's transaction. Repeating it changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from orylo_api.http import outbox
from orylo_api.http.problem_details import ImportProblem
from orylo_api.verdicts.csv_file import PAYMENT, VerdictLine
from orylo_api.verdicts.messages import verdict_given
from orylo_api.verdicts.models import VerdictImport
from orylo_api.verdicts.queries import PaymentToJudge, find_judged
from orylo_common.csv_rows import LineProblem
from orylo_common.messages import VerdictGiven
from orylo_common.postgres.pool import Connection

BATCH = 1_000
MAX_PROBLEMS = 100
UNKNOWN = "the payment is not known"


@dataclass(slots=True)
class _Counts:
    lines: int = 0
    given: int = 0
    unchanged: int = 0
    unknown: int = 0
    invalid: int = 0


async def import_verdicts(
    connection: Connection,
    tenant_id: UUID,
    read: Iterator[VerdictLine | LineProblem],
    *,
    actor: str,
    now: datetime,
    dry_run: bool = False,
) -> VerdictImport:
    """Publish a verdict for each line that changes one. Memory holds a batch, and a payment's newest verdict.

    With `dry_run` only count. Raises what `read` raises.
    """
    counts, problems = _Counts(), list[LineProblem]()
    judged: dict[str, PaymentToJudge] = {}
    while batch := list(islice(read, BATCH)):
        lines = [each for each in batch if isinstance(each, VerdictLine)]
        faulty = [each for each in batch if isinstance(each, LineProblem)]
        asked = {each.payment_id for each in lines} - judged.keys()
        judged |= await find_judged(connection, asked)
        messages: list[VerdictGiven] = []
        for each in lines:
            known = judged.get(each.payment_id)
            if known is None:
                counts.unknown += 1
                faulty.append(LineProblem(each.line, PAYMENT, UNKNOWN))
            elif known.stays(each.verdict, each.reason):
                counts.unchanged += 1
            else:
                counts.given += 1
                judged[each.payment_id] = PaymentToJudge(known.customer_id, each.verdict, each.reason)
                # Of two lines on one payment, the later one is newer.
                at = now + timedelta(microseconds=each.line)
                messages.append(
                    verdict_given(
                        tenant_id, each.payment_id, known.customer_id, each.verdict, each.reason, actor=actor, now=at
                    )
                )
        counts.lines += len(batch)
        counts.invalid += len(batch) - len(lines)
        problems = sorted([*problems, *faulty], key=lambda problem: problem.line)[:MAX_PROBLEMS]
        if messages and not dry_run:
            await outbox.write_messages(connection, messages)
    return VerdictImport(
        lines=counts.lines,
        given=counts.given,
        unchanged=counts.unchanged,
        unknown=counts.unknown,
        invalid=counts.invalid,
        problems=[ImportProblem.model_validate(each, from_attributes=True) for each in problems],
        dry_run=dry_run,
    )
