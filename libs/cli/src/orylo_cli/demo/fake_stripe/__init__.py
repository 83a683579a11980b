"""A local fake of a part of Stripe's API, for the tests: cancel intents, refund payments, list events and amounts.

`server.py` has the HTTP endpoints, `account.py` refuses what Stripe refuses, `idempotency.py` repeats stored answers,
`lists.py` pages its lists,
`faults.py` has the failures that a test or a person can inject.
"""

from orylo_cli.demo.fake_stripe.server import FakeStripe, run_fake_stripe

__all__ = ["FakeStripe", "run_fake_stripe"]
