"""The `orylo` command."""

from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from orylo_cli.console import exit_with_error, print_text

MARKUP: Any = "markdown"

# Each is a module of `orylo_cli.commands` with a group `app` or a function of its own name. The line is the first of
# its help, repeated here because importing all of them takes more than a second.
COMMANDS = {
    "up": "Run the whole platform in one process, with its own PostgreSQL, until Ctrl-C.",
    "doctor": "Check PostgreSQL, migrations, broker, Redis, master key and services. Exit with 1 if a check fails.",
    "migrate": "Apply all pending migrations. It is safe to repeat, and to run from several places at once.",
    "rejections": "List rejected webhooks with the reason, newest first: one row per gateway, reason and minute.",
    "serve": "Run one service until SIGTERM. Its configuration comes from the environment (see `.env.example`).",
    "backtest": "Replay labelled payments in simulated time through the detectors, and measure the decisions.",
    "smoke": "Send one sale through a running platform: ad click, webhook, decision, conversion, dashboard.",
    "notify": "Notifications of alarms by webhook, Slack, PagerDuty or mail.",
    "slo": "Report the objectives of the last 30 days: the share that met them, and what is left of the error budget.",
    "simulate": "Send realistic webhooks and page views: sales, declines, refunds, disputes, card testing, resends.",
    "tenant": "The merchants that use the platform.",
    "user": "The people who sign in to the dashboard.",
    "apikey": "API keys, with which programs call the API.",
    "gateway": "The payment gateways that send a tenant's webhooks.",
    "webhook": "The webhooks that were received: their state, bodies and resend.",
    "destination": "Ad platforms for conversions, and Stripe to act on blocked payments.",
    "customer": "Customers: their trust, who is blocked or always allowed, and who is one person.",
    "review": "The review queue: payments that a person must decide.",
    "dlq": "Dead letters: messages and conversions that failed for good.",
    "reconcile": "Compare Stripe's events and amounts with what was received, and fetch missing events.",
    "quarantine": "Authenticated webhooks that could not be read, or that contradict earlier ones.",
    "job": "Work that outlasts a request: backtests, replays of many dead letters.",
    "rule": "A tenant's own rules on payments, written in CEL (docs/rules.md).",
    "fuse": "The fuse: while it is tripped, rules and the risk review payments instead of blocking them.",
    "settings": "A tenant's policies and limits.",
    "flag": "Feature flags of a tenant and of its gateways.",
    "switch": "Switches that stop webhooks, sending or changes.",
    "list": "What a tenant always blocks or allows, and what its rules look up.",
    "rebuild": "Read models, made again from what they are derived from.",
    "trust": "The ledger of trust scores.",
    "verdict": "Fraud or legitimate: verdicts on payments, and the quality of decisions.",
}


class Commands(TyperGroup):
    """The commands, of which only the one that runs is imported."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {
            name: TyperCommand(name, help=summary, rich_markup_mode=MARKUP) for name, summary in COMMANDS.items()
        }

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        return name, import_command(name) if name and command else command, rest

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            # Pydantic, which typer parses arguments with, adds this prefix to our own messages.
            error.message = error.message.removeprefix("Value error, ")
            raise


def import_command(name: str) -> Any:
    """Import the module of a command in `COMMANDS` and return the command."""
    module = import_module(f"orylo_cli.commands.{name}")
    parent = typer.Typer(rich_markup_mode=MARKUP, callback=orylo)
    if hasattr(module, "app"):
        parent.add_typer(module.app, name=name)
    else:
        parent.command(name)(getattr(module, name))
    group = typer.main.get_group(parent)
    return group.commands[name]


cli = typer.Typer(
    cls=Commands,
    name="orylo",
    no_args_is_help=True,
    rich_markup_mode=MARKUP,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print_text(f"orylo {version('orylo-cli')}")
        raise typer.Exit


@cli.callback()
def orylo(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Receive payment webhooks, decide on fraud, score customers and send real conversions to ad platforms.

    Start with `orylo up --demo`: a complete platform with a demo shop and sample traffic, in one process.

    To connect a shop of your own, start `orylo up`, then run `orylo tenant create`, `orylo user create`,
    `orylo gateway set` and `orylo destination add`. If something is wrong, run `orylo doctor`.

    The commands work on the embedded platform in `.orylo/`, whether `orylo up` runs or not. If ORYLO_DATABASE_URL is
    set, they work on the platform that ORYLO_DATABASE_URL, ORYLO_BROKER_URL and ORYLO_REDIS_URL name.
    """


def app() -> None:
    """Run `orylo`. An expected failure is one line on standard error and exit code 1."""
    try:
        cli()
    except Exception as error:
        # Imported here, because it imports the libraries that fail.
        from orylo_cli.failures import describe

        text = describe(error)
        if text is None:
            raise
        exit_with_error(text)
