"""`orylo verdict`: what people know of payments, and how good the decisions were."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

import typer

from orylo_api.quality.models import DecisionQuality, QualityQuery, QualityWeek
from orylo_api.quality.queries import read_quality
from orylo_api.verdicts.csv_file import MAX_REASON, VerdictDefaults
from orylo_api.verdicts.models import VerdictImport
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantArgument
from orylo_cli.console import FAILED, print_json, print_note, print_rows, print_text
from orylo_cli.operations.binding import bind_to_tenant, unbind
from orylo_cli.operations.verdicts import give_verdict, import_file
from orylo_cli.target import open_target
from orylo_common.control.tenants import find_tenant
from orylo_common.messages import PaymentVerdict
from orylo_common.money import to_major
from orylo_common.postgres.pool import Connection

app = typer.Typer(no_args_is_help=True, help="Fraud or legitimate: verdicts on payments, and the quality of decisions.")


def _reason(text: str) -> str:
    if not 1 <= len(text.strip()) <= MAX_REASON:
        raise typer.BadParameter(f"the reason must have 1 to {MAX_REASON} characters")
    return text.strip()


ReasonOption = Annotated[
    str | None,
    typer.Option(parser=_reason, metavar="TEXT", help="Kept with the verdict. It must not hold personal data."),
]


@app.command()
def give(
    tenant: TenantArgument,
    payment: Annotated[str, typer.Argument(metavar="PAYMENT", help="The payment's id, such as stripe:pi_3SVk2c….")],
    verdict: Annotated[
        PaymentVerdict, typer.Argument(metavar="VERDICT", help="fraud, legitimate, or withdrawn to take it back.")
    ],
    reason: ReasonOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Judge a payment. The newest verdict counts, for detection, for trust and for the quality of decisions.

    Its open review case is closed. While another person has the case open, the verdict is refused.

    Example: `orylo verdict give minha-loja stripe:pi_3SVk2cJ0q8Zq1x2y fraud --reason "card reported stolen"`
    """
    with open_target(data_dir, "verdict give") as target:

        async def work(connection: Connection) -> bool:
            return await give_verdict(connection, target, tenant, payment, verdict, reason, datetime.now(UTC))

        is_new = target.run(work)
    print_text(f"{payment}: {verdict}" + ("" if is_new else ", as before"))


@app.command("import")
def import_(
    tenant: TenantArgument,
    file: Annotated[
        typer.FileBinaryRead, typer.Argument(metavar="FILE", help="A CSV file in UTF-8. `-` reads standard input.")
    ],
    verdict: Annotated[
        PaymentVerdict | None, typer.Option("--verdict", metavar="VERDICT", help="The verdict of lines that name none.")
    ] = None,
    gateway: Annotated[
        str | None, typer.Option(metavar="NAME", help="The gateway of payment ids without one, such as pi_3SVk2c….")
    ] = None,
    reason: ReasonOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would change, and give no verdict.")] = False,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Judge payments from a CSV file, such as your own list of chargebacks. A repeated import changes nothing.

    The first line names the columns: `payment_id`, and of `verdict` and `reason` those that the options do not set.
    Other columns are not read. Lines that cannot be read or name no known payment are reported and left out.

    Example: `orylo verdict import minha-loja chargebacks.csv --verdict fraud --gateway stripe --dry-run`
    """
    defaults = VerdictDefaults(verdict, reason, gateway)
    with open_target(data_dir, "verdict import") as target:

        async def work(connection: Connection) -> VerdictImport:
            return await import_file(connection, target, tenant, file, defaults, datetime.now(UTC), dry_run=dry_run)

        result = target.run(work)
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        _print_import(result)
    if result.unknown or result.invalid:
        raise typer.Exit(FAILED)


@app.command()
def quality(
    tenant: TenantArgument,
    weeks: Annotated[int, typer.Option(min=1, max=52, help="How many weeks, the present one included.")] = 12,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Show how good the decisions were, by week of payment, and the payments that wait for a review.

    Fraud is what a verdict says; without one, a dispute that was not won, or a card network's warning. More may become
    known for 120 days.

    Example: `orylo verdict quality minha-loja --weeks 4`
    """
    with open_target(data_dir, "verdict quality") as target:

        async def work(connection: Connection) -> DecisionQuality:
            await bind_to_tenant(connection, (await find_tenant(connection, tenant)).id)
            found = await read_quality(connection, QualityQuery(weeks=weeks), datetime.now(UTC))
            await unbind(connection)
            return found

        found = target.run(work)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    print_rows([_row(week) for week in found.weeks], as_json=False, empty="no payments")
    queue = found.review_queue
    since = f", since {queue.oldest_at:%F %R}" if queue.oldest_at else ""
    print_text(f"{queue.payments:,} payments wait for a review{since}")


def _row(week: QualityWeek) -> dict[str, str]:
    return {
        "week": f"{week.starts_at:%F}",
        "payments": f"{week.payments:,}",
        "frauds": f"{week.frauds:,}",
        "blocked": f"{week.blocked.payments:,}",
        "precision": _percent(week.blocked.precision),
        "recall": _percent(week.blocked.recall),
        "false_positives": _percent(week.blocked.false_positive_rate, digits=2),
        "stopped": _money((each.stopped_minor, each.currency) for each in week.amounts),
        "lost": _money((each.lost_minor, each.currency) for each in week.amounts),
    }


def _money(amounts: Iterable[tuple[int, str]]) -> str:
    return ", ".join(f"{to_major(minor, currency):,} {currency}" for minor, currency in amounts if minor)


def _print_import(result: VerdictImport) -> None:
    for problem in result.problems:
        place = f"line {problem.line}, {problem.column}" if problem.column else f"line {problem.line}"
        print_note(f"{place}: {problem.message}")
    if result.unknown + result.invalid > len(result.problems):
        print_note(f"and {result.unknown + result.invalid - len(result.problems):,} more lines")
    counts = [f"{getattr(result, each):,} {each}" for each in ("given", "unchanged", "unknown", "invalid")]
    print_text(f"{'would be imported' if result.dry_run else 'imported'}: {', '.join(counts)}")


def _percent(rate: float | None, digits: int = 0) -> str:
    return "" if rate is None else f"{rate:.{digits}%}"
