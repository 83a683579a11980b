"""A lost or damaged master key: one line of advice, and no second key."""

from collections.abc import Iterator

import pytest

from tests.support.embedded import Embedded, running_embedded

pytestmark = pytest.mark.integration

SET_STRIPE = ("gateway", "set", "loja", "stripe")


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """A platform with a stored secret that is not running."""
    with running_embedded(tmp_path_factory.mktemp("key"), ORYLO_GATEWAY_SECRET="whsec_secret") as platform:
        platform.orylo("tenant", "create", "loja")
        platform.orylo(*SET_STRIPE)
        platform.stop()
        yield platform


@pytest.fixture
def without_key(stopped: Embedded) -> Iterator[Embedded]:
    path = stopped.data_dir / "master.key"
    kept = path.read_bytes()
    path.unlink()
    yield stopped
    path.write_bytes(kept)


def attempt(platform: Embedded, *arguments: str) -> tuple[int, str]:
    done = platform.attempt(*arguments, "--data-dir", str(platform.data_dir))
    return done.returncode, done.stderr.strip()


def up(platform: Embedded) -> tuple[int, str]:
    return attempt(platform, "up", "--ingest-port", str(platform.ingest_port), "--api-port", str(platform.api_port))


def test_a_missing_key_is_not_replaced_while_the_database_holds_secrets(without_key: Embedded) -> None:
    path = without_key.data_dir / "master.key"
    advice = (
        f"orylo: {path} is missing, and the database holds secrets that it encrypts: "
        "restore it from your backup, or set ORYLO_MASTER_KEY"
    )
    assert up(without_key) == (1, advice)
    assert attempt(without_key, *SET_STRIPE) == (1, advice)
    assert attempt(without_key, "tenant", "list")[0] == 0
    assert not path.exists()


@pytest.mark.parametrize("content", [bytes(range(56, 256)), b"", b"\n", b"not a key", b"a" * 44])
def test_a_damaged_key_is_one_line(without_key: Embedded, content: bytes) -> None:
    path = without_key.data_dir / "master.key"
    path.write_bytes(content)
    advice = f"orylo: {path} holds no valid master key: restore it from your backup"
    assert up(without_key) == (1, advice)
    assert attempt(without_key, *SET_STRIPE) == (1, advice)
    assert path.read_bytes() == content


def test_the_right_key_starts_it_again(stopped: Embedded) -> None:
    stopped.start()
    assert stopped.orylo("gateway", "list", "loja").startswith("gateway")
    assert stopped.stop() == 0
