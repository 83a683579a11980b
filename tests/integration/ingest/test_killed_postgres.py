"""PostgreSQL is killed and comes back while webhooks come in; `tests/chaos/postgres_killed.py` does it for longer."""

from pathlib import Path

import pytest

from tests.chaos.postgres_killed import kill_under_load

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

WEBHOOKS, RATE = 2_000, 400.0
# Well under a millisecond on a machine of its own. It is the mean of a thousand, in which a moment that the machine
# stands still weighs as much as all of them together; a time-out takes seconds each time.
REFUSED_WITHIN_US = 250_000


def test_every_202_is_in_the_database_and_what_was_refused_comes_again_once(tmp_path: Path) -> None:
    outcome = kill_under_load(tmp_path, WEBHOOKS, RATE, kills=1)
    print(outcome)

    assert outcome.statuses[503] > 0
    assert outcome.accepted == WEBHOOKS
    assert (len(outcome.events), set(outcome.events.values())) == (WEBHOOKS, {1})
    assert (len(outcome.messages), set(outcome.messages.values())) == (WEBHOOKS, {1})
    assert outcome.is_right
    # It is the circuit that answers, not a time-out.
    assert max(outcome.rejection_us) < REFUSED_WITHIN_US
