from orylo_api.access.lockout import FORGOTTEN_AFTER
from orylo_api.projection.retention import KEEP_BY_MINUTE, KEEP_HISTORY, RETENTIONS
from orylo_api.read_models.rollups import ROLLUPS


def test_figures_are_kept_as_long_as_the_payments_they_count() -> None:
    for table in ("api.rollups", *(rollup.table for rollup in ROLLUPS)):
        kept = {each.only: each.keep for each in RETENTIONS if each.table == table}
        assert kept == {"grain = 'minute'": KEEP_BY_MINUTE, "true": KEEP_HISTORY}


def test_failed_logins_are_kept_for_little_longer_than_they_count() -> None:
    (kept,) = (each.keep for each in RETENTIONS if each.table == "api.login_failures")

    assert FORGOTTEN_AFTER < kept <= 2 * FORGOTTEN_AFTER
