"""`orylo backtest`: how the detectors would have decided labelled payments."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Annotated

import orjson
import typer
from pydantic import ValidationError
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption
from orylo_cli.console import err, exit_with_error, print_json, print_note, print_text
from orylo_cli.proposed_rules import proposed_rules
from orylo_cli.setting_values import apply_changes
from orylo_cli.target import open_target
from orylo_common.control.lists.effective import effective_entries
from orylo_common.control.rules import list_rules
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.control.sections.store import read_section
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection
from orylo_detector.adapters.memory_lists import MemoryLists
from orylo_detector.backtest.backtest import Backtest
from orylo_detector.backtest.labelled_payment import OPTIONAL_COLUMNS, REQUIRED_COLUMNS, LabelledPayment
from orylo_detector.backtest.page import page
from orylo_detector.backtest.period import InvalidPeriod, period_of
from orylo_detector.backtest.reading import LabelledFile, UnreadableFile, read_labelled
from orylo_detector.backtest.replay import LISTED_TYPES, Variant
from orylo_detector.backtest.report import lines, report

# As a shell reports a program that Ctrl-C ended.
INTERRUPTED = 130
LONGEST_DELAY_DAYS = 365
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1)}


def _duration(text: str | timedelta) -> timedelta:
    """Parse a duration such as 7d or 36h."""
    written = str(text)
    number, unit = (written[:-1], written[-1]) if written[-1:] in _UNITS else (written, "d")
    try:
        duration = float(number) * _UNITS[unit]
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{written!r} is not a duration: write 7d or 36h") from None
    if not timedelta(0) <= duration <= timedelta(days=LONGEST_DELAY_DAYS):
        raise typer.BadParameter(f"the delay must be between 0 and {LONGEST_DELAY_DAYS} days")
    return duration


def _time(text: str | datetime) -> datetime:
    """Parse a date or a time. A time without an offset is in UTC."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise typer.BadParameter(f"{str(text)!r} is not a time: write 2026-05-10 or 2026-05-10T14:30:00Z") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def backtest(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help=f"CSV or Parquet (`.parquet`). Columns: {', '.join(REQUIRED_COLUMNS)}; "
            f"optional: {', '.join(OPTIONAL_COLUMNS)}.",
        ),
    ],
    tenant: Annotated[
        str | None,
        typer.Option(
            help="The tenant whose settings, rules and lists are the current ones. Default: the default settings, "
            "without rules and lists."
        ),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A proposed setting of the section `detector`; repeatable."),
    ] = None,
    proposed: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Proposed settings of the section `detector`, as JSON."),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Proposed rules beside the current ones, as a JSON list with `name`, `expression`, `action`.",
        ),
    ] = None,
    feedback_delay: Annotated[
        timedelta,
        typer.Option(parser=_duration, metavar="TIME", help="How long after a payment its label becomes known."),
    ] = "7d",  # type: ignore[assignment]
    warmup_from: Annotated[
        datetime | None, typer.Option(parser=_time, metavar="TIME", help="Leave out earlier payments.")
    ] = None,
    test_from: Annotated[
        datetime | None,
        typer.Option(parser=_time, metavar="TIME", help="Measure from here on. Default: a third into the file."),
    ] = None,
    test_to: Annotated[
        datetime | None, typer.Option(parser=_time, metavar="TIME", help="Stop before this time.")
    ] = None,
    page_file: Annotated[
        Path, typer.Option("--page", metavar="FILE", help="Where to write the page with the curves.")
    ] = Path("backtest.html"),
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Replay labelled payments in simulated time through the detectors, and measure the decisions.

    Times without an offset are in UTC, amounts in the currency's main unit. Ctrl-C stops the replay, and the figures
    are of the payments until then.

    Example: `orylo backtest payments.csv --test-from 2026-04-01 --set block_at=70`

    Example: `orylo backtest payments.parquet --tenant minha-loja --rules rules.json`
    """
    current, lists = _current(tenant, data_dir)
    variants = [current]
    if changes or proposed or rules:
        policy = _proposed_policy(current.policy, changes or (), proposed)
        variants.append(Variant("proposed", policy, (*current.rules, *(proposed_rules(rules) if rules else ()))))
    labelled = _read(file)
    if labelled.ignored:
        print_note(f"columns that are not used: {', '.join(labelled.ignored)}")
    try:
        period = period_of(labelled.payments, warmup_from=warmup_from, test_from=test_from, test_to=test_to)
    except InvalidPeriod as invalid:
        raise typer.BadParameter(str(invalid), param_hint="--warmup-from, --test-from, --test-to") from None
    run = Backtest(variants, period, feedback_delay=feedback_delay, lists=lists)
    interrupted = _replay(run, labelled.payments)
    if not run.measured:
        exit_with_error(
            "interrupted before the first measured payment" if interrupted else "no payment is in the measured period",
            INTERRUPTED if interrupted else 1,
        )
    result = report(run, interrupted=interrupted)
    try:
        page_file.write_text(page(result, file.name), encoding="utf-8")
    except OSError as error:
        print_note(f"{page_file} cannot be written: {error.strerror}")
    else:
        print_note(f"the curves are in {page_file}")
    if as_json:
        print_json(result)
    else:
        print_text("\n".join(lines(result)))
    if interrupted:
        raise typer.Exit(INTERRUPTED)


def _current(tenant: str | None, data_dir: Path) -> tuple[Variant, MemoryLists]:
    """Return the tenant's settings and rules, and its lists; or the default settings, without lists."""
    if tenant is None:
        return Variant("current", DetectionPolicy()), MemoryLists()
    name = tenant

    async def read(connection: Connection) -> tuple[Variant, MemoryLists]:
        found = await find_tenant(connection, name)
        policy = await read_section(connection, found.id, DetectionPolicy)
        rules = [stored.rule for stored in await list_rules(connection, found.id)]
        async with connection.transaction():
            batches = [batch async for batch in effective_entries(connection, found.id, LISTED_TYPES)]
        return Variant("current", policy, rules), MemoryLists(chain.from_iterable(batches))

    with open_target(data_dir, "backtest") as target:
        return target.run(read)


def _proposed_policy(current: DetectionPolicy, changes: Sequence[str], file: Path | None) -> DetectionPolicy:
    """Return the settings of the file, or else the current ones, with the changes applied."""
    policy = current if file is None else _policy_in(file)
    changed = apply_changes(policy, changes)
    return DetectionPolicy.model_validate(changed.model_dump())


def _policy_in(file: Path) -> DetectionPolicy:
    try:
        return DetectionPolicy.model_validate(orjson.loads(file.read_bytes()))
    except OSError as error:
        exit_with_error(f"{file}: {error.strerror}")
    except orjson.JSONDecodeError as error:
        exit_with_error(f"{file}, line {error.lineno}: {error.msg}")
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, each['loc'])) or 'settings'}: {each['msg']}" for each in error.errors()]
        exit_with_error(f"{file}: {'; '.join(problems)}")


def _read(file: Path) -> LabelledFile:
    try:
        with _progress(f"reading {file.name}") as bar:
            task = bar.add_task("", total=1.0)
            return read_labelled(file, lambda share: bar.update(task, completed=share))
    except UnreadableFile as error:
        exit_with_error(str(error))
    except KeyboardInterrupt:
        exit_with_error("interrupted while the file was read", INTERRUPTED)


def _replay(run: Backtest, payments: Sequence[LabelledPayment]) -> bool:
    """Replay the payments. Return whether Ctrl-C stopped it."""
    with _progress("replaying") as bar:
        task = bar.add_task("", total=len(payments))
        try:
            asyncio.run(run.run(payments, lambda done: bar.update(task, completed=done)))
        except KeyboardInterrupt:
            return True
    return False


@contextmanager
def _progress(title: str) -> Iterator[Progress]:
    columns = [TextColumn(title), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=err, transient=True) as bar:
        yield bar
