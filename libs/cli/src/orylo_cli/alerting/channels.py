"""The services that notify people: each takes a notification, or raises `NotSent`."""

import asyncio
import smtplib
import ssl
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp

from orylo_cli.alerting.evaluation import Notification
from orylo_cli.alerting.settings import NotifySettings

TIMEOUT = aiohttp.ClientTimeout(total=10)
SMTP_TIMEOUT_S = 10.0
# PagerDuty's limit of a summary.
MAX_SUMMARY = 1024

Send = Callable[[Notification], Awaitable[None]]


class NotSent(Exception):
    """The service did not take it. `permanent`: it never will. The text names neither the address nor a secret."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


def open_channels(settings: NotifySettings, session: aiohttp.ClientSession, dashboard: str) -> Mapping[str, Send]:
    """Return the configured channels by name."""
    link = partial(_page, settings.dashboard_url or dashboard)
    channels: dict[str, Send] = {}
    if settings.webhook_url:
        url = settings.webhook_url.get_secret_value()
        channels["webhook"] = lambda sent: _post(session, url, webhook_body(sent, link(sent)))
    if settings.slack_url:
        slack_url = settings.slack_url.get_secret_value()
        channels["slack"] = lambda sent: _post(session, slack_url, slack_body(sent, link(sent)))
    if settings.pagerduty_key:
        key = settings.pagerduty_key.get_secret_value()
        channels["pagerduty"] = lambda sent: _post(
            session, settings.pagerduty_url, pagerduty_body(sent, link(sent), key)
        )
    if settings.smtp_url and settings.mail_to:
        smtp_url, mail_to = settings.smtp_url.get_secret_value(), settings.mail_to
        channels["mail"] = lambda sent: _mail(smtp_url, mail(sent, link(sent), settings.mail_from, mail_to))
    return channels


def webhook_body(sent: Notification, link: str) -> dict[str, Any]:
    return {
        "alarm": sent.alarm,
        "status": "resolved" if sent.resolved else "firing",
        "severity": sent.severity,
        "summary": sent.summary,
        "since": _iso(sent.since),
        "at": _iso(sent.at),
        "runbook_url": link,
    }


def slack_body(sent: Notification, link: str) -> dict[str, Any]:
    """Slack's own markup: `&`, `<` and `>` are escaped, a link is `<address|text>`."""
    sign = ":white_check_mark:" if sent.resolved else ":rotating_light:" if sent.severity == "page" else ":warning:"
    escaped = sent.summary.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": f"{sign} *{sent.alarm}*: {escaped}\n<{link}|What to do>"}


def pagerduty_body(sent: Notification, link: str, key: str) -> dict[str, Any]:
    """Events API v2. The same `dedup_key` for the beginning and the end makes them one incident."""
    body: dict[str, Any] = {
        "routing_key": key,
        "event_action": "resolve" if sent.resolved else "trigger",
        "dedup_key": f"orylo/{sent.alarm}",
    }
    if not sent.resolved:
        body["payload"] = {
            "summary": f"{sent.alarm}: {sent.summary}"[:MAX_SUMMARY],
            "source": "orylo",
            "severity": "critical" if sent.severity == "page" else "warning",
            "timestamp": _iso(sent.since),
        }
        body["links"] = [{"href": link, "text": "What to do"}]
    return body


def mail(sent: Notification, link: str, sender: str, to: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = f"[Orylo {'resolved' if sent.resolved else sent.severity}] {sent.alarm}"
    message["From"], message["To"] = sender, to
    message.set_content(f"{sent.summary}\n\nSince: {_iso(sent.since)}\nWhat to do: {link}\n")
    return message


async def _post(session: aiohttp.ClientSession, url: str, body: Mapping[str, Any]) -> None:
    try:
        async with session.post(url, json=body, timeout=TIMEOUT, allow_redirects=False) as response:
            status = response.status
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise NotSent(f"no answer ({type(error).__name__})") from error
    if status >= 300:
        # Neither a wrong body nor a wrong address becomes right: only 429 and 5xx pass.
        raise NotSent(f"answered with {status}", permanent=status < 500 and status != 429)


async def _mail(smtp_url: str, message: EmailMessage) -> None:
    try:
        await asyncio.to_thread(_deliver, smtp_url, message)
    except smtplib.SMTPResponseException as error:
        permanent = 500 <= error.smtp_code < 600
        raise NotSent(f"the mail server answered {error.smtp_code}", permanent=permanent) from error
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise NotSent(f"the mail server did not take it ({type(error).__name__})") from error


def _deliver(smtp_url: str, message: EmailMessage) -> None:
    address = urlsplit(smtp_url)
    host, context = address.hostname or "localhost", ssl.create_default_context()
    server: smtplib.SMTP
    if address.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, address.port or 465, timeout=SMTP_TIMEOUT_S, context=context)
    else:
        server = smtplib.SMTP(host, address.port or 587, timeout=SMTP_TIMEOUT_S)
    with server:
        if address.username:
            if address.scheme != "smtps":
                # A password is never sent in clear.
                server.starttls(context=context)
            server.login(unquote(address.username), unquote(address.password or ""))
        server.send_message(message)


def _page(dashboard: str, sent: Notification) -> str:
    return f"{dashboard.rstrip('/')}/runbooks/{sent.alarm}"


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
