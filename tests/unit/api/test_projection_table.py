from orylo_api.dead_letters.projection import DeadLetterRow
from orylo_api.overview.models import Amounts, Counts
from orylo_api.projection.table import FOLDED_BY, WRITE_ORDER
from orylo_api.read_models.effects import AMOUNTS, COUNTERS
from orylo_common.broker.topology import QUEUES


def test_every_message_of_the_queue_is_folded() -> None:
    assert set(FOLDED_BY) == {*QUEUES["api"], DeadLetterRow}


def test_every_projection_that_folds_also_writes() -> None:
    assert {kind for kinds in FOLDED_BY.values() for kind in kinds} == set(WRITE_ORDER)


def test_the_overview_shows_every_counter_and_amount() -> None:
    assert set(Counts.model_fields) == {*COUNTERS, "conversions_failed"}
    assert set(Amounts.model_fields) == {*AMOUNTS, "currency"}
