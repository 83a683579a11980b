"""Distribute test files over pytest-xdist's workers."""

from typing import Any

from xdist.scheduler import LoadScopeScheduling


class FileScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Hand out whole files, in the order of collection.

    The tests of a file share its database. Files of the contract suites run several times over, once for each bus, and
    each of these runs is handed out on its own.
    """

    def __init__(self, config: Any, log: Any) -> None:
        super().__init__(config, log)
        # The slow suites come first. Sorted by their number of tests, as xdist does it, they would come last.
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file.startswith("tests/contract/broker/") and nodeid.endswith("]"):
            return f"{file}[{nodeid.rpartition('[')[2]}"
        return file
