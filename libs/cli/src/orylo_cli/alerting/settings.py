"""Where `orylo up` sends notifications. Each secret can be in a file: `ORYLO_NOTIFY_SLACK_URL_FILE` names it."""

from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRETS = ("webhook_url", "slack_url", "pagerduty_key", "smtp_url")


class NotifySettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="ORYLO_NOTIFY_", env_ignore_empty=True, extra="ignore", frozen=True)

    # A POST with JSON.
    webhook_url: SecretStr | None = None
    # Slack's incoming webhook.
    slack_url: SecretStr | None = None
    # The 32 characters of a service's integration "Events API v2", and where it is sent; the EU has another address.
    pagerduty_key: SecretStr | None = None
    pagerduty_url: str = Field(default="https://events.pagerduty.com/v2/enqueue", pattern=r"^https?://\S+$")
    # smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465.
    smtp_url: SecretStr | None = None
    mail_to: str | None = None
    mail_from: str = "orylo@localhost"
    # The dashboard's address, as the people notified open it. Default: the one that `orylo up` serves.
    dashboard_url: str | None = Field(default=None, pattern=r"^https?://\S+$")

    webhook_url_file: Path | None = None
    slack_url_file: Path | None = None
    pagerduty_key_file: Path | None = None
    smtp_url_file: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_files(cls, values: dict[str, Any]) -> dict[str, Any]:
        for name in SECRETS:
            file = values.get(f"{name}_file")
            if file and not values.get(name):
                try:
                    values[name] = Path(file).expanduser().read_text().strip()
                except OSError as error:
                    raise ValueError(f"ORYLO_NOTIFY_{name.upper()}_FILE: {error.strerror}") from None
        if values.get("smtp_url") and not values.get("mail_to"):
            raise ValueError("ORYLO_NOTIFY_MAIL_TO is missing: the address that mails are sent to")
        return values
