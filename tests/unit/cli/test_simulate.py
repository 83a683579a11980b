import pytest
import typer

from orylo_cli.commands.simulate import _seconds


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("2.5", 2.5), ("10s", 10), ("2m", 120), ("1h", 3600)])
def test_a_duration_is_parsed(text: str, seconds: float) -> None:
    assert _seconds(text) == seconds


@pytest.mark.parametrize("text", ["soon", "s", "", "0", "-1s", "25h", "2d", "nan", "inf"])
def test_an_invalid_duration_is_rejected(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        _seconds(text)
