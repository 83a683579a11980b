import shutil
from itertools import pairwise

import pytest

from orylo_cli.embedded.service_account import ServiceAccount

setpriv = pytest.mark.skipif(shutil.which("setpriv") is None, reason="a part of util-linux, so of Linux")


@setpriv
def test_without_root_the_account_is_the_current_user_and_the_process_ends_with_its_parent() -> None:
    assert ServiceAccount().command(["postgres", "-D", "/data"])[1:] == [
        "--pdeathsig",
        "INT",
        "postgres",
        "-D",
        "/data",
    ]


@setpriv
def test_root_keeps_only_the_capability_to_reach_the_folder() -> None:
    command = ServiceAccount(101, 104, "dac_read_search").command(["postgres"])
    switches = dict(pairwise(command))
    assert (switches["--reuid"], switches["--regid"]) == ("101", "104")
    assert switches["--ambient-caps"] == switches["--inh-caps"] == "-all,+dac_read_search"


@setpriv
def test_a_reachable_folder_needs_no_capability() -> None:
    assert "--ambient-caps" not in ServiceAccount(101, 104).command(["postgres"])
