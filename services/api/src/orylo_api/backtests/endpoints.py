"""Backtests: how settings and rules would have decided labelled payments."""

from contextlib import aclosing
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import orjson

from orylo_api.access.audit import write_change
from orylo_api.access.roles import Permission
from orylo_api.backtests import queries
from orylo_api.backtests.comparison import compare
from orylo_api.backtests.job import KIND, request_line
from orylo_api.backtests.models import (
    BacktestCheck,
    BacktestComparison,
    BacktestDetail,
    BacktestListQuery,
    BacktestPage,
    BacktestPath,
    BacktestStart,
    CompareQuery,
)
from orylo_api.backtests.options import BacktestQuery, parse_rules
from orylo_api.call import Call
from orylo_api.errors import Invalid
from orylo_api.http.problem_details import FieldProblem
from orylo_api.http.route import Route
from orylo_api.jobs.starting import start_job
from orylo_common.csv_rows import MAX_BYTES, MAX_LINES
from orylo_common.errors import TransientError

# Two minutes at most for the file's arrival; then the detector checks 100,000 lines in some seconds.
UPLOAD_LIMIT = timedelta(minutes=4)
FORMAT = """\
A CSV file in UTF-8, with commas or semicolons, of at most 16 MiB and 100,000 lines. The first line names the columns:
`occurred_at`, `payment_id`, `customer_id`, `amount` (in the currency's main unit), `currency` and `is_fraud`, and of
`product_id`, `terminal_id`, `ip`, `card_fingerprint`, `card_country`, `ip_country`, `email_domain`, `status` and
`disputed_at` those that you have. `columns` maps other names. With `dry_run` the response shows how the columns are
read and which lines cannot be used. Otherwise such a file is refused (422, `errors` name the lines), and a job replays
it through the live engine with the current settings and rules and, if `settings` or `rules` are given, with those too,
each with the current lists. The file is deleted when the job ends. """
EXAMPLE = """\
occurred_at,payment_id,customer_id,amount,currency,is_fraud
2026-03-14T15:09:26Z,pi_1,ana,149.90,BRL,0
"""


async def start_backtest(call: Call[None, BacktestQuery, None]) -> BacktestStart:
    asked, file = call.query, call.upload
    if file.count(b"\n") > MAX_LINES + 1:
        raise _invalid("body", f"a file has at most {MAX_LINES:,} lines: split it")
    request = _request(call)
    check = await _check(call, request)
    if asked.dry_run:
        return BacktestStart(dry_run=True, check=check, job=None)
    _refuse_unusable(check)
    summary = {
        "name": asked.name,
        "payments": check.payments,
        "frauds": check.frauds,
        "first_at": check.first_at,
        "last_at": check.last_at,
        "file_sha256": sha256(file).hexdigest(),
    }
    job = await start_job(call, KIND, request, summary=summary, total=check.payments, file=file)
    after = {"name": asked.name, "payments": check.payments, "settings": request["settings"]}
    await write_change(call, action="backtest.start", subject=f"job {job.id}", after=after)
    return BacktestStart(dry_run=False, check=check, job=job)


async def list_backtests(call: Call[None, BacktestListQuery, None]) -> BacktestPage:
    items, next_cursor = await queries.list_backtests(call.connection, call.query)
    return BacktestPage(items=items, next_cursor=next_cursor)


async def show_backtest(call: Call[BacktestPath, None, None]) -> BacktestDetail:
    return await queries.find_backtest(call.connection, call.path.id)


async def compare_backtests(call: Call[BacktestPath, CompareQuery, None]) -> BacktestComparison:
    this = await queries.find_backtest(call.connection, call.path.id)
    return compare(this, await queries.find_backtest(call.connection, call.query.with_))


def _request(call: Call[None, BacktestQuery, None]) -> dict[str, Any]:
    """Return what the detector reads."""
    asked = call.query
    rules = [
        {**rule.model_dump(mode="json"), "id": str(uuid5(NAMESPACE_OID, f"{number}"))}
        for number, rule in enumerate(parse_rules(asked.rules), 1)
    ]
    pairs = [each.split(":") for each in asked.columns.split(",")] if asked.columns else []
    times = asked.model_dump(mode="json", include={"warmup_from", "test_from", "test_to"})
    return {
        "tenant_id": str(call.principal.tenant.id),
        "columns": {ours.strip(): theirs.strip() for ours, theirs in pairs},
        "settings": orjson.loads(asked.settings) if asked.settings else {},
        "rules": rules,
        "feedback_delay": asked.feedback_delay_days * timedelta(days=1).total_seconds(),
        **times,
    }


async def _check(call: Call[None, BacktestQuery, None], request: dict[str, Any]) -> BacktestCheck:
    found: BacktestCheck | None = None
    lines = call.services.detector.backtest(request_line({**request, "check_only": True}), call.upload)
    async with aclosing(lines):
        async for line in lines:
            match line:
                case {"check": dict(check)}:
                    found = BacktestCheck.model_validate(check)
                case {"refused": str(reason)}:
                    option, colon, _ = reason.partition(": ")
                    raise _invalid(f"query.{option}" if colon and option in ("settings", "columns") else "body", reason)
    if found is None:
        raise TransientError("the detector stopped before the file was checked")
    return found


def _refuse_unusable(check: BacktestCheck) -> None:
    if check.missing:
        raise _invalid("query.columns", f"the file has no column {', '.join(check.missing)}")
    if check.invalid:
        errors = [
            FieldProblem(field=".".join(filter(None, (f"line {each.line}", each.column))), message=each.message)
            for each in check.problems
        ]
        raise Invalid(f"{check.invalid} lines cannot be used, and nothing was started", errors)


def _invalid(field: str, reason: str) -> Invalid:
    return Invalid(reason, [FieldProblem(field=field, message=reason)])


ROUTES = (
    Route(
        "POST",
        "/api/v1/backtests",
        start_backtest,
        Permission.RUN_BACKTESTS,
        "Replay a file of labelled payments, or check it",
        query=BacktestQuery,
        response=BacktestStart,
        upload_bytes=MAX_BYTES,
        upload_example=EXAMPLE,
        time_limit=UPLOAD_LIMIT,
        refuses={429},
        description=FORMAT,
    ),
    Route(
        "GET",
        "/api/v1/backtests",
        list_backtests,
        Permission.READ,
        "Backtests, newest first",
        query=BacktestListQuery,
        response=BacktestPage,
        description="Each with its job and, once it is done, its headline figures. They are kept for 90 days. ",
    ),
    Route(
        "GET",
        "/api/v1/backtests/{id}",
        show_backtest,
        Permission.READ,
        "One backtest with its report",
        path_values=BacktestPath,
        response=BacktestDetail,
        description="The report has the figures, the points of the curves by threshold, what each detector, reason and "
        "rule contributes, the decisions of lists, and the worst mistakes. ",
    ),
    Route(
        "GET",
        "/api/v1/backtests/{id}/compare",
        compare_backtests,
        Permission.READ,
        "What differs between two backtests",
        path_values=BacktestPath,
        query=CompareQuery,
        response=BacktestComparison,
        refuses={409},
        description="Both must be done. Figures are comparable only if the file and the period are the same. ",
    ),
)
