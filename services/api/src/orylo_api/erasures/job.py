"""The job that erases a person: each service's own function erases its part, a chunk of payments in a step."""

from collections import Counter
from collections.abc import Mapping, Sequence

from orylo_api.access.roles import Permission
from orylo_api.jobs.kind import JobKind
from orylo_api.jobs.queries import RECEIPT_KIND
from orylo_api.jobs.run import JobRun
from orylo_common.postgres.pool import Connection

KIND = RECEIPT_KIND
# The API is the last: until then the customer is found, and an erasure that was canceled can be started again.
SERVICES = ("dispatch", "detector", "trust", "ingest", "api")
# Of one step, whose statements may take 5 s.
CHUNK = 50

# The functions belong to the services, and take the tenant from the transaction.
ERASE: Mapping[str, str] = {
    service: f"SELECT kind, erased FROM {service}.erase_person($1, $2)"  # noqa: S608
    for service in SERVICES
}
FORGET = "UPDATE api.jobs SET request = '{}' WHERE id = $1"


def steps_of(payments: Sequence[str]) -> int:
    return len(SERVICES) * len(_chunks(payments))


async def erase_step(
    connection: Connection, number: int, people: Sequence[str], payments: Sequence[str]
) -> Counter[str]:
    """Erase a chunk of the payments at one service. Return the number of rows by service and kind of data."""
    chunks = _chunks(payments)
    service, chunk = SERVICES[number // len(chunks)], chunks[number % len(chunks)]
    rows = await connection.fetch(ERASE[service], people, chunk)
    return Counter({f"{service}.{row['kind']}": row["erased"] for row in rows})


async def erase(run: JobRun) -> None:
    for number in range(run.position or 0, run.total or 0):
        async with run.step() as connection:
            erased = await erase_step(connection, number, run.request["people"], run.request["payments"])
            run.counts = dict(Counter(run.counts) + erased)
            run.position = run.done = number + 1
            if run.done == run.total:
                # The receipt does not name the person.
                await connection.execute(FORGET, run.id)


def _chunks(payments: Sequence[str]) -> list[Sequence[str]]:
    """Return at least one chunk: a customer may have no payments."""
    return [payments[start : start + CHUNK] for start in range(0, max(1, len(payments)), CHUNK)]


ERASURE = JobKind(KIND, Permission.ERASE_CUSTOMERS, erase)
