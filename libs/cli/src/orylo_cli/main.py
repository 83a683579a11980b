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
from orylo_cli.console import fail, say
from orylo_cli.embedded.errors import EmbeddedError
from orylo_common.control.admin import Refused
from orylo_common.control.keyring import WrongMasterKey
from orylo_common.errors import TransientError
from orylo_common.postgres.migrations import MigrationError


class Commands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            # Pydantic, which reads the arguments, puts it before every sentence that is not its own.
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
        say(f"orylo {version('orylo-cli')}")
        raise typer.Exit


@cli.callback()
def orylo(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Payment webhooks in; fraud decisions, trust scores and real conversions out.

    `orylo up --demo` shows all of it. The other commands work on the embedded platform in `.orylo/` (also while
    `up` runs), or on the one that ORYLO_DATABASE_URL, ORYLO_BROKER_URL and ORYLO_REDIS_URL name.
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
    """What is installed as `orylo`: an expected failure is one line, and exit 1."""
    try:
        cli()
    except (EmbeddedError, Refused, WrongMasterKey, MigrationError, TransientError) as error:
        fail(str(error))
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError):
        fail("the database's schemas are missing or old: run `orylo migrate`")
    except asyncpg.InsufficientPrivilegeError:
        fail("the database's user may not do that: give ORYLO_DATABASE_URL of the one who migrates")
    except asyncpg.InvalidAuthorizationSpecificationError:
        fail("the database refuses the user or password in ORYLO_DATABASE_URL")
    except asyncpg.InvalidCatalogNameError:
        fail("the database that ORYLO_DATABASE_URL names does not exist")
