"""A local stand-in for Meta's Conversions API, for the demo and the tests.

`server.py` answers, `rules.py` refuses what Meta refuses, `ledger.py` counts what was accepted,
`faults.py` is how it is told to misbehave.
"""

from orylo_cli.demo.fake_meta.server import FakeMeta, run_fake_meta

__all__ = ["FakeMeta", "run_fake_meta"]
