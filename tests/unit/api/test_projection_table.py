from orylo_api.dead_letters.projection import DeadLetterRow
from orylo_api.overview.models import Counts
from orylo_api.projection.table import FOLDED_BY, WRITE_ORDER
from orylo_api.read_models.effects import COUNTERS
from orylo_common.broker.topology import QUEUES


def test_every_message_of_the_queue_is_folded() -> None:
    assert set(FOLDED_BY) == {*QUEUES["api"], DeadLetterRow}


def test_every_projection_that_folds_also_writes() -> None:
    assert {kind for kinds in FOLDED_BY.values() for kind in kinds} == set(WRITE_ORDER)


def test_the_overview_shows_every_counter() -> None:
    assert set(COUNTERS) < set(Counts.model_fields)
