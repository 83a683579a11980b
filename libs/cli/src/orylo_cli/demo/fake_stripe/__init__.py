"""A local fake of the part of Stripe's API that cancels intents and refunds payments, for the tests.

`server.py` has the HTTP endpoints, `account.py` refuses what Stripe refuses, `idempotency.py` repeats stored answers,
`faults.py` has the failures that a test or a person can inject.
"""

from orylo_cli.demo.fake_stripe.server import FakeStripe, run_fake_stripe

__all__ = ["FakeStripe", "run_fake_stripe"]
