"""`orylo rule`: a tenant's own rules on payments."""

from typing import Annotated, Any, get_args

import typer
from pydantic import ValidationError

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, RuleArgument, TenantArgument
from orylo_cli.commands.rule_snooze import snooze, unsnooze
from orylo_cli.commands.rule_trial import show_hits, try_rule
from orylo_cli.console import print_json, print_rows, print_text
from orylo_cli.rule_texts import action_text, parse_action
from orylo_cli.target import open_target
from orylo_common.control.rule_snoozes import RuleSnooze, list_snoozes
from orylo_common.control.rules import (
    RuleVersion,
    StoredRule,
    change_rule,
    create_rule,
    find_rule,
    list_rules,
    list_versions,
    restore_rule,
)
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection
from orylo_rules import RuleDraft, RuleMode

app = typer.Typer(no_args_is_help=True, help="A tenant's own rules on payments, written in CEL (docs/rules.md).")

app.command("try")(try_rule)
app.command("hits")(show_hits)
app.command("snooze")(snooze)
app.command("unsnooze")(unsnooze)

MODES = ", ".join(get_args(RuleMode))

WhenOption = Annotated[
    str, typer.Option("--when", metavar="EXPRESSION", help="The condition, in CEL. docs/rules.md lists the fields.")
]
ThenOption = Annotated[
    str,
    typer.Option(
        "--then",
        metavar="ACTION",
        help="`allow`, `review` or `block`; points, such as `+25` or `-10`; or `list:NAME`, which puts the customer "
        "and the card on a list for 30 days.",
    ),
]
PriorityOption = Annotated[int, typer.Option(min=0, max=1000, help="Of the rules that decide, the highest does.")]
ModeOption = Annotated[
    str,
    typer.Option("--mode", metavar="MODE", help=f"{MODES}. In shadow, hits are recorded and nothing changes."),
]


@app.command("list")
def list_(tenant: TenantArgument, as_json: JsonOption = False, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """List a tenant's rules, highest priority first.

    Example: `orylo rule list minha-loja`
    """

    async def work(connection: Connection) -> list[StoredRule]:
        return await list_rules(connection, (await find_tenant(connection, tenant)).id)

    with open_target(data_dir, "rule list") as target:
        stored = target.run(work)
    if as_json:
        print_json([_values(each) for each in stored])
        return
    rows = [
        {
            "name": each.rule.name,
            "mode": each.rule.mode,
            "then": action_text(each.rule.action),
            "priority": each.rule.priority,
            "version": each.rule.version,
            "when": each.rule.expression,
        }
        for each in stored
    ]
    print_rows(rows, as_json=False, empty="no rules; create one: orylo rule create TENANT NAME --when … --then …")


@app.command()
def show(
    tenant: TenantArgument,
    rule: RuleArgument,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Show a rule with its versions, newest first, and its snoozes.

    Example: `orylo rule show minha-loja "Night, new, foreign"`
    """

    async def work(connection: Connection) -> tuple[StoredRule, list[RuleVersion], list[RuleSnooze]]:
        found = await find_tenant(connection, tenant)
        stored = await find_rule(connection, found.id, rule)
        versions = await list_versions(connection, found.id, stored.rule.id)
        return stored, versions, await list_snoozes(connection, found.id, stored.rule.id)

    with open_target(data_dir, "rule show") as target:
        stored, versions, snoozes = target.run(work)
    if as_json:
        print_json(
            _values(stored)
            | {
                "versions": [_version_values(each) for each in versions],
                "snoozes": [{name: getattr(each, name) for name in RuleSnooze.__slots__} for each in snoozes],
            }
        )
        return
    _print_rule(stored)
    print_text("")
    print_rows(
        [
            {
                "version": each.version,
                "author": each.author,
                "created_at": each.created_at,
                "mode": each.draft.mode,
                "then": action_text(each.draft.action),
                "when": each.draft.expression,
            }
            for each in versions
        ],
        as_json=False,
        empty="",
    )
    for each in snoozes:
        print_text(
            f"\nsnoozed for {each.customer_id} until {each.until:%Y-%m-%d %H:%MZ} by {each.author}: {each.reason}"
        )


@app.command()
def create(
    tenant: TenantArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name, unique within the tenant.")],
    when: WhenOption,
    then: ThenOption,
    priority: PriorityOption = 100,
    mode: ModeOption = "shadow",
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Create a rule. The next payment is decided with it.

    A new rule is in shadow: its hits are recorded and it changes no decision. `--mode on` applies it at once. A rule
    that does not compile is not saved; the error names line, column and what is wrong.

    Example: `orylo rule create minha-loja "Expensive first order" --when 'customer.payments == 0 && payment.amount > 1500' --then +25`

    Example: `orylo rule create minha-loja "No prepaid cards" --when 'card.funding == "prepaid"' --then block --mode on`
    """  # noqa: E501  (a command is one line)
    draft = _draft(name=name, expression=when, action=parse_action(then), priority=priority, mode=mode)
    with open_target(data_dir, "rule create") as target:

        async def work(connection: Connection) -> StoredRule:
            found = await find_tenant(connection, tenant)
            return await create_rule(connection, found.id, draft, actor=target.actor)

        stored = target.run(work)
    _report("created", stored, as_json=as_json)


@app.command()
def change(
    tenant: TenantArgument,
    rule: RuleArgument,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    when: Annotated[str | None, typer.Option("--when", metavar="EXPRESSION", help="A new condition.")] = None,
    then: Annotated[
        str | None, typer.Option("--then", metavar="ACTION", help="A new action: `block`, `+25`, …")
    ] = None,
    priority: Annotated[int | None, typer.Option(min=0, max=1000, help="A new priority.")] = None,
    mode: Annotated[str | None, typer.Option("--mode", metavar="MODE", help=f"A new mode: {MODES}.")] = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Change a rule, which makes a new version. What is not given stays as it is.

    Example: `orylo rule change minha-loja "No prepaid cards" --mode on`

    Example: `orylo rule change minha-loja "Expensive first order" --then +40 --priority 200`
    """
    given = {"name": name, "expression": when, "priority": priority, "mode": mode}
    changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if then is not None:
        changes["action"] = parse_action(then)
    if not changes:
        raise typer.BadParameter("say what to change: --name, --when, --then, --priority or --mode")
    with open_target(data_dir, "rule change") as target:

        async def work(connection: Connection) -> StoredRule:
            found = await find_tenant(connection, tenant)
            current = (await find_rule(connection, found.id, rule, for_update=True)).rule
            draft = _draft(**(current.draft().model_dump() | changes))
            return await change_rule(
                connection, found.id, current.id, draft, version=current.version, actor=target.actor
            )

        stored = target.run(work)
    _report("changed", stored, as_json=as_json)


@app.command()
def restore(
    tenant: TenantArgument,
    rule: RuleArgument,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1, help="The version, from `orylo rule show`.")],
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Roll a rule back: make a new version that equals an earlier one. The mode stays as it is.

    Example: `orylo rule restore minha-loja "No prepaid cards" 1`
    """
    with open_target(data_dir, "rule restore") as target:

        async def work(connection: Connection) -> StoredRule:
            found = await find_tenant(connection, tenant)
            current = (await find_rule(connection, found.id, rule, for_update=True)).rule
            return await restore_rule(
                connection, found.id, current.id, restored=version, version=current.version, actor=target.actor
            )

        stored = target.run(work)
    _report(f"restored version {version} of", stored, as_json=as_json)


def _draft(**values: Any) -> RuleDraft:
    if values["mode"] not in get_args(RuleMode):
        raise typer.BadParameter(f"{values['mode']!r} is not a mode: use one of {MODES}", param_hint="--mode")
    try:
        return RuleDraft.model_validate(values)
    except ValidationError as invalid:
        error = invalid.errors(include_url=False)[0]
        raise typer.BadParameter(f"{error['loc'][0]}: {error['msg']}") from None


def _report(what: str, stored: StoredRule, *, as_json: bool) -> None:
    if as_json:
        print_json(_values(stored))
    else:
        print_text(f"{what} rule {stored.rule.name} ({stored.rule.id}): version {stored.rule.version}")
        _print_rule(stored)


def _print_rule(stored: StoredRule) -> None:
    rule = stored.rule
    print_text(f"mode      {rule.mode}\nthen      {action_text(rule.action)}\npriority  {rule.priority}")
    print_text("when      " + rule.expression.replace("\n", "\n          "))


def _values(stored: StoredRule) -> dict[str, Any]:
    times = {"created_at": stored.created_at, "updated_at": stored.updated_at}
    return stored.rule.model_dump(mode="json") | times


def _version_values(version: RuleVersion) -> dict[str, Any]:
    return {
        "version": version.version,
        "author": version.author,
        "created_at": version.created_at,
        **version.draft.model_dump(mode="json"),
    }
