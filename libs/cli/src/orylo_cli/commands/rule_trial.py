"""`orylo rule try` and `hits`: what an expression would do, and what a rule did."""

from typing import Annotated

import typer
from pydantic import ValidationError

from orylo_api.errors import NotFound
from orylo_api.rules.models import HitList, HitQuery, TrialBody, TrialResult
from orylo_api.rules.queries import read_hits
from orylo_api.rules.trial import try_expression
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, RuleArgument, TenantArgument
from orylo_cli.console import print_json, print_note, print_rows, print_text
from orylo_cli.operations.binding import bind_to_tenant
from orylo_cli.target import open_target
from orylo_common.clock import SystemClock
from orylo_common.control.errors import InvalidChange
from orylo_common.control.rules import InvalidRule, find_rule
from orylo_common.control.tenants import find_tenant
from orylo_common.money import to_major
from orylo_common.postgres.pool import Connection
from orylo_rules import check

CLOCK = SystemClock()


def try_rule(
    tenant: TenantArgument,
    expression: Annotated[str, typer.Argument(metavar="EXPRESSION", help="A condition, in CEL.")],
    payment: Annotated[
        str | None, typer.Option("--payment", metavar="PAYMENT", help="Try it on this payment only.")
    ] = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Try an expression on the newest 1,000 payments, or on one, without saving it.

    Values count as they were when the payment was made. Some fields, such as velocity, are not stored with payments:
    save the rule in shadow to see what it does.

    Example: `orylo rule try minha-loja 'customer.payments == 0 && payment.amount > 1500'`

    Example: `orylo rule try minha-loja 'card.country != "BR"' --payment stripe:pi_3QK8`
    """
    if problems := check(expression):
        raise InvalidRule(problems)
    try:
        trial = TrialBody(expression=expression, payment_id=payment)
    except ValidationError:
        raise typer.BadParameter("not a payment: an id is such as stripe:pi_3QK8", param_hint="--payment") from None

    async def work(connection: Connection) -> TrialResult:
        await bind_to_tenant(connection, (await find_tenant(connection, tenant)).id)
        try:
            return await try_expression(connection, trial)
        except NotFound as error:
            raise InvalidChange(str(error)) from None

    with open_target(data_dir, "rule try") as target:
        result = target.run(work)
    if as_json:
        print_json(result.model_dump(mode="json"))
        return
    _print_trial(result)


def show_hits(
    tenant: TenantArgument,
    rule: RuleArgument,
    days: Annotated[int, typer.Option(min=1, max=365, help="How many days back.")] = 30,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Show the payments that a rule was true of, by day, and those whose decision it changed.

    For a rule in shadow these are the decisions that it would have changed.

    Example: `orylo rule hits minha-loja "No prepaid cards" --days 7`
    """
    query = HitQuery(days=days)

    async def work(connection: Connection) -> HitList:
        found = await find_tenant(connection, tenant)
        stored = await find_rule(connection, found.id, rule)
        await bind_to_tenant(connection, found.id)
        return await read_hits(connection, stored.rule.id, CLOCK.now().date(), query.days)

    with open_target(data_dir, "rule hits") as target:
        hits = target.run(work).items
    if as_json:
        print_json([each.model_dump(mode="json") for each in hits])
        return
    rows = [
        {
            "day": each.day,
            "mode": each.mode,
            "payments": each.payments,
            "amount": f"{to_major(each.amount_minor, each.currency)} {each.currency}",
            "changed": each.changed,
            "changed_amount": f"{to_major(each.changed_minor, each.currency)} {each.currency}",
        }
        for each in hits
    ]
    print_rows(rows, as_json=False, empty=f"no hits in the last {days} days")


def _print_trial(result: TrialResult) -> None:
    print_text(f"true of {result.applies} of {result.tried} payments; unknown for {result.unknown}")
    if result.failed:
        print_text(f"failed on {result.failed}")
    for group in result.groups:
        amount = f"{to_major(group.amount_minor, group.currency)} {group.currency}"
        print_text(f"  {group.state:<20} {group.payments:>6}  {amount}")
    for each in result.values:
        print_text(f"  {each.field} = {each.value or 'not known'}")
    if result.not_kept:
        print_note(f"not stored with payments, so only shadow mode shows them: {', '.join(result.not_kept)}")
