"""The `orylo` command."""

from importlib.metadata import version
from typing import Annotated, Any

import asyncpg
import typer
from typer.core import TyperGroup

from orylo_cli.commands import apikey, destination, dlq, gateway, quarantine, settings, tenant, trust, user
from orylo_cli.commands.doctor import doctor
from orylo_cli.commands.migrate import migrate
from orylo_cli.commands.rejections import rejections
from orylo_cli.commands.serve import serve
from orylo_cli.commands.simulate import simulate
from orylo_cli.commands.up import up
from orylo_cli.console import exit_with_error, print_text
from orylo_cli.embedded.errors import EmbeddedError
from orylo_common.control.errors import InvalidChange
from orylo_common.control.keyring import WrongMasterKey
from orylo_common.errors import TransientError
from orylo_common.postgres.migrations import MigrationError


class Commands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            # Pydantic, which typer parses arguments with, adds this prefix to our own messages.
            error.message = error.message.removeprefix("Value error, ")
            raise


cli = typer.Typer(
    cls=Commands,
    name="orylo",
    no_args_is_help=True,
    rich_markup_mode="markdown",
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


cli.command()(up)
cli.command()(doctor)
cli.command()(migrate)
cli.command()(rejections)
cli.command()(serve)
cli.command()(simulate)
cli.add_typer(tenant.app, name="tenant")
cli.add_typer(user.app, name="user")
cli.add_typer(apikey.app, name="apikey")
cli.add_typer(gateway.app, name="gateway")
cli.add_typer(destination.app, name="destination")
cli.add_typer(dlq.app, name="dlq")
cli.add_typer(quarantine.app, name="quarantine")
cli.add_typer(settings.app, name="settings")
cli.add_typer(trust.app, name="trust")


def app() -> None:
    """Run `orylo`. An expected failure is one line on standard error and exit code 1."""
    try:
        cli()
    except (EmbeddedError, InvalidChange, WrongMasterKey, MigrationError, TransientError) as error:
        exit_with_error(str(error))
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError):
        exit_with_error("the database schemas are missing or out of date: run `orylo migrate`")
    except asyncpg.InsufficientPrivilegeError:
        exit_with_error(
            "the database user lacks the privilege: set ORYLO_DATABASE_URL to the user who runs the migrations"
        )
    except asyncpg.InvalidAuthorizationSpecificationError:
        exit_with_error("PostgreSQL rejected the user or password in ORYLO_DATABASE_URL")
    except asyncpg.InvalidCatalogNameError:
        exit_with_error("the database in ORYLO_DATABASE_URL does not exist")
