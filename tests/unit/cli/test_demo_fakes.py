"""The demo calls no other company's API."""

from urllib.parse import urlsplit

from orylo_cli.demo.fakes import run_fakes
from orylo_dispatch.settings import Settings


async def test_every_foreign_address_of_dispatch_is_a_fake_on_this_machine() -> None:
    foreign = {
        f"ORYLO_{name.upper()}"
        for name, field in Settings.model_fields.items()
        if isinstance(field.default, str) and field.default.startswith("https://")
    }
    assert {"ORYLO_META_BASE_URL", "ORYLO_STRIPE_BASE_URL"} <= foreign
    async with run_fakes() as fakes:
        assert set(fakes.environment) == foreign
        assert {urlsplit(url).hostname for url in fakes.environment.values()} == {"127.0.0.1"}
