"""`databases/` has two files of documentation networks, made with mmdb-writer: one of countries, one of networks."""

from pathlib import Path

import pytest

from orylo_common.settings import load
from orylo_detector.adapters.ip_countries import allocated_country, open_country_database
from orylo_detector.settings import Settings

DATABASES = Path(__file__).parent / "databases"
COUNTRIES = DATABASES / "countries.mmdb"


@pytest.mark.parametrize(
    ("address", "country"),
    [
        # Registro.br, Google, and Deutsche Telekom's IPv6.
        ("200.160.2.3", "BR"),
        ("8.8.8.8", "US"),
        ("2804:14c::1", "BR"),
        ("2003::1", "DE"),
        # Documentation, private, shared (carrier-grade NAT) and loopback addresses belong to no country.
        ("203.0.113.7", None),
        ("2001:db8::1", None),
        ("10.0.0.1", None),
        ("100.64.0.1", None),
        ("::1", None),
        ("not an address", None),
    ],
)
def test_an_address_has_the_country_of_its_allocation(address: str, country: str | None) -> None:
    assert allocated_country(address) == country


def test_allocations_to_a_whole_region_have_no_country() -> None:
    found = {allocated_country(f"{first}.{second}.0.1") for first in range(1, 224) for second in range(0, 256, 4)}

    assert {"BR", "US", None} < found
    assert not found & {"EU", "AP", "ZZ"}


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("203.0.113.7", "BR"),
        ("2001:db8::1", "PT"),
        # A record without a country, and no record.
        ("198.51.100.1", None),
        ("8.8.8.8", None),
        ("not an address", None),
    ],
)
def test_a_maxmind_file_replaces_the_allocations(address: str, country: str | None) -> None:
    assert open_country_database(COUNTRIES)(address) == country


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("ORYLO_DATABASE_URL", "postgresql://localhost/orylo")
    monkeypatch.setenv("ORYLO_REDIS_URL", "redis://localhost")
    monkeypatch.setenv("ORYLO_BROKER_URL", "postgres")
    return monkeypatch


def test_the_file_is_a_setting(environment: pytest.MonkeyPatch) -> None:
    assert load(Settings).detector_country_database is None
    environment.setenv("ORYLO_DETECTOR_COUNTRY_DATABASE", str(COUNTRIES))
    assert load(Settings).detector_country_database == COUNTRIES


def damaged(folder: Path) -> dict[str, Path]:
    whole = COUNTRIES.read_bytes()
    contents = {
        "empty": b"",
        "text": b"not a database",
        "cut": whole[: len(whole) // 2],
        "zeroed": bytes(200) + whole[200:],
    }
    files = {name: folder / f"{name}.mmdb" for name in contents}
    for name, content in contents.items():
        files[name].write_bytes(content)
    return {**files, "missing": folder / "missing.mmdb", "folder": folder, "networks": DATABASES / "networks.mmdb"}


@pytest.mark.parametrize("kind", ["empty", "text", "cut", "zeroed", "missing", "folder", "networks"])
def test_a_missing_or_unusable_file_stops_the_start_with_one_line(
    kind: str, environment: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = damaged(tmp_path)[kind]
    environment.setenv("ORYLO_DETECTOR_COUNTRY_DATABASE", str(file))
    with pytest.raises(SystemExit):
        load(Settings)

    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"settings: ORYLO_DETECTOR_COUNTRY_DATABASE: {file} ")
