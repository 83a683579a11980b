"""`.env.example` names every variable of every service, with the default that the code has."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

REPOSITORY = Path(__file__).parents[2]
SERVICES = ["ingest", "detector", "trust", "dispatch", "api"]

# Variables with a default are commented out.
DOCUMENTED: dict[str, tuple[bool, str]] = {
    name: (not comment, value)
    for comment, name, value in re.findall(
        r"^(# )?([A-Z_]+)=(.*)$", (REPOSITORY / ".env.example").read_text(), re.MULTILINE
    )
}
FERNET_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def settings_of(service: str) -> type[BaseSettings]:
    settings: type[BaseSettings] = import_module(f"orylo_{service}.settings").Settings
    return settings


def variable_of(settings: type[BaseSettings], name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    return alias if isinstance(alias, str) else f"{settings.model_config['env_prefix']}{name}".upper()


def variables_of(service: str) -> dict[str, FieldInfo]:
    settings = settings_of(service)
    return {variable_of(settings, name, field): field for name, field in settings.model_fields.items()}


def test_the_file_names_exactly_the_variables_that_services_read() -> None:
    read = {variable for service in SERVICES for variable in variables_of(service)}

    assert {name for name in DOCUMENTED if name.startswith("ORYLO_")} == read


@pytest.mark.parametrize("service", SERVICES)
def test_only_variables_without_a_default_are_uncommented(service: str) -> None:
    for variable, field in variables_of(service).items():
        assert DOCUMENTED[variable][0] == field.is_required(), variable


@pytest.mark.parametrize("service", SERVICES)
def test_the_values_in_the_file_are_the_defaults(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = variables_of(service)
    for variable in variables:
        monkeypatch.setenv(variable, DOCUMENTED[variable][1])
    monkeypatch.setenv("ORYLO_MASTER_KEY", FERNET_KEY)

    settings = settings_of(service)()

    shown: dict[str, Any] = {name: getattr(settings, name) for name in type(settings).model_fields}
    defaults = {name: field.default for name, field in type(settings).model_fields.items() if not field.is_required()}
    assert {name: shown[name] for name in defaults} == defaults


def test_the_file_names_every_variable_of_docker_compose() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (REPOSITORY / "docker-compose.yml").read_text()))

    assert asked <= set(DOCUMENTED)
