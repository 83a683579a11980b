"""Secrets come over standard input, where no process list shows them."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from orylo_cli.main import cli
from orylo_common.control.keyring import Keyring

pytestmark = pytest.mark.integration

MASTER_KEY = Keyring.generate()


@pytest.fixture
def shop(postgres_dsn: str) -> str:
    slug = f"shop-{uuid4().hex[:8]}"
    assert run(postgres_dsn, f"tenant create {slug}").exit_code == 0
    return slug


def run(dsn: str, command: str, text: str = "", **variables: str) -> Result:
    environment = {"ORYLO_DATABASE_URL": dsn, "ORYLO_MASTER_KEY": MASTER_KEY, "COLUMNS": "300", **variables}
    return CliRunner().invoke(cli, command.split(), input=text, env=environment)


def stored(dsn: str, table: str, slug: str) -> list[str]:
    async def read() -> list[bytes]:
        connection = await asyncpg.connect(dsn)
        try:
            rows = await connection.fetch(
                f"SELECT secret_encrypted FROM control.{table} s JOIN control.tenants t ON t.id = s.tenant_id"
                " WHERE t.slug = $1 ORDER BY s.created_at",
                slug,
            )
        finally:
            await connection.close()
        return [row["secret_encrypted"] for row in rows]

    return [Keyring([MASTER_KEY]).decrypt(secret) for secret in asyncio.run(read())]


def test_gateway_secrets_come_from_standard_input(postgres_dsn: str, shop: str) -> None:
    for command, text in (
        (f"gateway set {shop} stripe --secret-stdin", "whsec_first\n"),
        (f"gateway secret add {shop} stripe --label next --secret-stdin", "whsec_second\r\n"),
        (f"gateway secret add {shop} stripe --label typed", "whsec_third\n"),
    ):
        result = run(postgres_dsn, command, text)
        assert result.exit_code == 0, result.output
        assert "whsec_" not in result.output
    assert stored(postgres_dsn, "gateway_secrets", shop) == ["whsec_first", "whsec_second", "whsec_third"]


def test_standard_input_is_read_in_place_of_the_variable(postgres_dsn: str, shop: str) -> None:
    command = f"gateway set {shop} stripe --secret-stdin"
    assert run(postgres_dsn, command, "whsec_typed\n", ORYLO_GATEWAY_SECRET="whsec_variable").exit_code == 0
    assert stored(postgres_dsn, "gateway_secrets", shop) == ["whsec_typed"]


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("gateway set {} stripe --secret-stdin", "at least 6 characters"),
        ("gateway secret add {} stripe --label a --secret-stdin", "at least 6 characters"),
        ("destination add {} meta --pixel-id 1 --token-stdin", "the token is missing"),
        ("destination add {} meta --pixel-id 1", "the token is missing"),
    ],
)
def test_an_empty_standard_input_is_an_error(postgres_dsn: str, shop: str, command: str, says: str) -> None:
    result = run(postgres_dsn, command.format(shop), "")
    assert result.exit_code == 2
    assert says in result.output


@pytest.mark.parametrize(
    ("command", "instead"),
    [
        ("gateway set {} stripe --secret {}", "pipe it to --secret-stdin, or set ORYLO_GATEWAY_SECRET"),
        ("gateway secret add {} stripe --label new --secret={}", "pipe it to --secret-stdin"),
        ("destination add {} meta --pixel-id 1 --token {}", "pipe it to --token-stdin, or set ORYLO_META_TOKEN"),
        ("simulate --tenant {} --stripe-secret {}", "set ORYLO_SIMULATE_STRIPE_SECRET"),
        ("simulate --tenant {} --hotmart-hottok {}", "set ORYLO_SIMULATE_HOTTOK"),
    ],
)
def test_a_secret_among_the_arguments_is_refused_and_not_repeated(
    postgres_dsn: str, shop: str, command: str, instead: str
) -> None:
    result = run(postgres_dsn, command.format(shop, "whsec_in_the_process_list"))
    assert result.exit_code == 2
    assert instead in result.output
    assert "other users of this machine can read the arguments" in result.output
    assert "in_the_process_list" not in result.output
    assert stored(postgres_dsn, "gateway_secrets", shop) == stored(postgres_dsn, "destinations", shop) == []


def test_secrets_come_from_variables(postgres_dsn: str, shop: str) -> None:
    set_stripe = run(postgres_dsn, f"gateway set {shop} stripe", ORYLO_GATEWAY_SECRET="whsec_variable")
    add_meta = run(postgres_dsn, f"destination add {shop} meta --pixel-id 1", ORYLO_META_TOKEN="EAAvariable")
    assert (set_stripe.exit_code, add_meta.exit_code) == (0, 0)
    assert stored(postgres_dsn, "gateway_secrets", shop) == ["whsec_variable"]
    assert stored(postgres_dsn, "destinations", shop) == ["EAAvariable"]


def test_an_access_token_comes_from_standard_input(postgres_dsn: str, shop: str) -> None:
    command = f"destination add {shop} meta --pixel-id 123 --token-stdin"
    assert run(postgres_dsn, command, " EAAtyped \n").exit_code == 0
    assert stored(postgres_dsn, "destinations", shop) == ["EAAtyped"]


def test_a_stripe_key_is_only_read_from_standard_input(postgres_dsn: str, shop: str) -> None:
    add = f"destination add {shop} stripe"
    assert run(postgres_dsn, f"{add} --token rk_live_51Loja").exit_code == 2
    assert run(postgres_dsn, add, ORYLO_META_TOKEN="rk_live_51Loja").exit_code == 2
    assert stored(postgres_dsn, "destinations", shop) == []

    added = run(postgres_dsn, f"{add} --token-stdin", "rk_live_51Loja\n")

    assert added.exit_code == 0
    assert "51Loja" not in added.output
    assert stored(postgres_dsn, "destinations", shop) == ["rk_live_51Loja"]


@pytest.mark.parametrize("key", ["", "pk_live_51Loja", "EAAtoken", "rk_live_ 51"])
def test_what_is_no_secret_key_of_stripe_is_refused(postgres_dsn: str, shop: str, key: str) -> None:
    assert run(postgres_dsn, f"destination add {shop} stripe --token-stdin", f"{key}\n").exit_code == 2


@pytest.mark.parametrize("option", ["--name second", "--pixel-id 123", "--site-url https://loja.example"])
def test_a_tenant_has_one_account_at_stripe(postgres_dsn: str, shop: str, option: str) -> None:
    command = f"destination add {shop} stripe --token-stdin {option}"

    assert run(postgres_dsn, command, "rk_live_51Loja\n").exit_code == 2
