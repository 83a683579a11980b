"""The environment variables that all services share, and the report of invalid ones."""

import sys
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from orylo_common.control.keyring import Keyring
from orylo_common.redis import SCHEMES


def _one_of(*schemes: str) -> AfterValidator:
    def check(url: str) -> str:
        if not url.startswith(schemes):
            raise ValueError(f"must start with {' or '.join(schemes)}")
        return url

    return AfterValidator(check)


def _is_keyring(master_key: SecretStr) -> SecretStr:
    try:
        Keyring.parse(master_key.get_secret_value())
    except ValueError:
        # The library's message does not say what to do.
        raise ValueError("must be Fernet keys, 32 bytes in URL-safe base64, separated by commas") from None
    return master_key


class CommonSettings(BaseSettings):
    """The variables that all services share. Each service's `Settings` adds its own.

    URLs are excluded from the repr, because they hold passwords.
    """

    model_config = SettingsConfigDict(env_prefix="ORYLO_", env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: Annotated[str, _one_of("postgresql://", "postgres://")] = Field(repr=False)
    redis_url: Annotated[str, _one_of(*SCHEMES)] = Field(repr=False)
    broker_url: Annotated[str, _one_of("amqp://", "amqps://", "sqs://", "postgres")] = Field(repr=False)
    # Traces are exported over OTLP/HTTP. Without an endpoint there are none.
    otlp_endpoint: Annotated[str, _one_of("http://", "https://")] | None = Field(default=None, repr=False)
    # Errors are reported to Sentry. It needs the extra `sentry`. Without a DSN nothing is reported.
    sentry_dsn: Annotated[str, _one_of("http://", "https://")] | None = Field(default=None, repr=False)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    # `auto` is readable text on a terminal and JSON everywhere else.
    log_format: Literal["auto", "json"] = "auto"


class KeyringSettings(CommonSettings):
    """The variables of a service that stores or reads secrets."""

    # One or more Fernet keys, separated by commas: the first encrypts, all of them decrypt.
    master_key: Annotated[SecretStr, AfterValidator(_is_keyring)]


Settings = TypeVar("Settings", bound=BaseSettings)


def load(settings: type[Settings]) -> Settings:
    """Read the settings. If any are missing or invalid, print one line that names them and exit with 2."""
    try:
        return settings()
    except ValidationError as error:
        problems = [
            f"{_variable(settings, error['loc'])}: {_message(error['type'], error['msg'])}"
            for error in error.errors(include_input=False, include_url=False, include_context=False)
        ]
    except SettingsError as error:
        # Raised for a variable that is not valid JSON. The text names the field and holds no value.
        problems = [str(error)]
    sys.stderr.write(f"settings: {'; '.join(problems)}\n")
    raise SystemExit(2)


def _variable(settings: type[BaseSettings], location: tuple[int | str, ...]) -> str:
    name = str(location[0]) if location else "settings"
    return name.upper() if name not in settings.model_fields else f"{settings.model_config['env_prefix']}{name}".upper()


def _message(kind: str, message: str) -> str:
    return "is missing" if kind == "missing" else message.removeprefix("Value error, ")
