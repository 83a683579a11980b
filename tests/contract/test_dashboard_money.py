"""The dashboard writes amounts with the same minor units that the services count them in."""

import re
from pathlib import Path

from orylo_common.money import minor_digits

MONEY = Path(__file__).parents[2] / "web/src/ui/format/money.ts"


def test_minor_units_are_the_same_on_both_sides() -> None:
    source = MONEY.read_text()
    listed = {
        name: set(currencies.split())
        for name, currencies in re.findall(r'const (\w+) = new Set\(\s*"([A-Z ]+)"', source)
    }
    assert listed.keys() == {"WITHOUT_DECIMALS", "WITH_THREE"}
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    codes = [a + b + c for a in letters for b in letters for c in letters]

    assert listed["WITHOUT_DECIMALS"] == {code for code in codes if minor_digits(code) == 0}
    assert listed["WITH_THREE"] == {code for code in codes if minor_digits(code) == 3}
