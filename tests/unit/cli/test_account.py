import shutil
from itertools import pairwise

import pytest

from orylo_cli.embedded.account import Account

setpriv = pytest.mark.skipif(shutil.which("setpriv") is None, reason="a part of util-linux, so of Linux")


@setpriv
def test_an_ordinary_user_runs_it_as_themselves_and_it_ends_with_them() -> None:
    assert Account().command(["postgres", "-D", "/data"])[1:] == ["--pdeathsig", "INT", "postgres", "-D", "/data"]


@setpriv
def test_root_gives_up_everything_but_the_way_in() -> None:
    command = Account(101, 104, "dac_read_search").command(["postgres"])
    switches = dict(pairwise(command))
    assert (switches["--reuid"], switches["--regid"]) == ("101", "104")
    assert switches["--ambient-caps"] == switches["--inh-caps"] == "-all,+dac_read_search"


@setpriv
def test_where_the_way_is_open_no_capability_is_given() -> None:
    assert "--ambient-caps" not in Account(101, 104).command(["postgres"])
