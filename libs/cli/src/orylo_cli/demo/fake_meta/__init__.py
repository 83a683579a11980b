"""A local fake of Meta's Conversions API, for the demo and the tests.

`server.py` has the HTTP endpoints, `validation.py` rejects the events that Meta rejects, `dataset.py` counts accepted
events, `faults.py` has the failures that a test or a person can inject.
"""

from orylo_cli.demo.fake_meta.server import FakeMeta, run_fake_meta

__all__ = ["FakeMeta", "run_fake_meta"]
