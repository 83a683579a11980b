"""PostgreSQL is killed and restarted under load; `tests/chaos/postgres_killed.py` does the same for longer."""

from pathlib import Path

import pytest

from tests.chaos.postgres_killed import kill_under_load

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

WEBHOOKS, RATE = 2_000, 400.0
# Well under a millisecond on an idle machine. One pause of the machine can dominate the mean of a thousand answers,
# hence the margin. A time-out would take seconds for each answer.
REFUSED_WITHIN_US = 250_000


def test_every_webhook_is_stored_once_after_the_gateway_repeats_rejected_ones(tmp_path: Path) -> None:
    outcome = kill_under_load(tmp_path, WEBHOOKS, RATE, kills=1)
    print(outcome)

    assert outcome.statuses[503] > 0
    assert outcome.accepted == WEBHOOKS
    assert (len(outcome.events), set(outcome.events.values())) == (WEBHOOKS, {1})
    assert (len(outcome.messages), set(outcome.messages.values())) == (WEBHOOKS, {1})
    assert outcome.is_right
    # The open circuit answers, not a time-out.
    assert max(outcome.rejection_us) < REFUSED_WITHIN_US
