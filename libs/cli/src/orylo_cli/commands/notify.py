"""`orylo notify`: how `orylo up` notifies people."""

import asyncio
import time

import aiohttp
import typer

from orylo_cli.alerting.channels import NotSent, open_channels
from orylo_cli.alerting.evaluation import Notification
from orylo_cli.alerting.settings import NotifySettings
from orylo_cli.commands.options import JsonOption
from orylo_cli.console import FAILED, exit_with_error, out, print_json, print_text
from orylo_common.settings import load

app = typer.Typer(no_args_is_help=True, help="Notifications of alarms by webhook, Slack, PagerDuty or mail.")

DASHBOARD = "http://127.0.0.1:8000"


@app.callback()
def notify() -> None:
    """Notifications of alarms by webhook, Slack, PagerDuty or mail.

    `orylo up` evaluates the most important alarms every 15 seconds. It sends one notification when an alarm begins and
    one when it ends, to every channel whose variable is set when it starts:

    - ORYLO_NOTIFY_WEBHOOK_URL: a POST with JSON.

    - ORYLO_NOTIFY_SLACK_URL: Slack's incoming webhook.

    - ORYLO_NOTIFY_PAGERDUTY_KEY: the integration key of a service ("Events API v2").

    - ORYLO_NOTIFY_SMTP_URL (`smtp://user:password@host:587` or `smtps://…`) with ORYLO_NOTIFY_MAIL_TO and
      ORYLO_NOTIFY_MAIL_FROM.

    A secret can be in a file: ORYLO_NOTIFY_SLACK_URL_FILE names it, and so on. ORYLO_NOTIFY_DASHBOARD_URL is the
    address that notifications link to.

    Distributed platforms use Prometheus and Alertmanager instead: `deploy/monitoring/`.
    """


@app.command("test")
def send_test(as_json: JsonOption = False) -> None:
    """Send a test alarm, and its end, to every configured channel. Exit with 1 if one does not take them.

    Example: `ORYLO_NOTIFY_SLACK_URL_FILE=slack-url orylo notify test`
    """
    settings = load(NotifySettings)
    results = asyncio.run(_send(settings))
    if not results:
        exit_with_error("no channel is configured: set ORYLO_NOTIFY_SLACK_URL or another (`orylo notify --help`)")
    if as_json:
        print_json({name: reason or "sent" for name, reason in results.items()})
    else:
        for name, reason in results.items():
            out.print("[red]✗[/]" if reason else "[green]✓[/]", name.ljust(10), end=" ")
            print_text(reason or "sent")
    if any(results.values()):
        raise typer.Exit(FAILED)


async def _send(settings: NotifySettings) -> dict[str, str | None]:
    """Return the reason of each channel that failed, None for the others."""
    now = time.time()
    begin = Notification("TestAlarm", "ticket", False, "this is a test of Orylo's notifications", now, now)
    end = Notification("TestAlarm", "ticket", True, "the test has ended", now, now)
    results: dict[str, str | None] = {}
    async with aiohttp.ClientSession() as session:
        for name, send in open_channels(settings, session, DASHBOARD).items():
            try:
                await send(begin)
                await send(end)
                results[name] = None
            except NotSent as error:
                results[name] = str(error)
    return results
