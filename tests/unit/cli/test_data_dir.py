import multiprocessing
import os
import stat
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

import pytest

from orylo_cli.embedded.data_dir import DataDir, RunningPlatform
from orylo_cli.embedded.errors import EmbeddedError
from orylo_common.control.keyring import Keyring

RUNNING: dict[str, Any] = {
    "database_url": "postgresql://x",
    "ingest_url": "http://i",
    "api_url": "http://a",
    "health_url": "http://h",
}


def hold(path: Path, command: str, pipe: Pipe) -> None:
    """In another process: hold the lock until released or killed."""
    with DataDir(path).locked(command), DataDir(path).reachable(RunningPlatform(os.getpid(), **RUNNING)):
        pipe.send("held")
        pipe.recv()


@pytest.fixture
def holder(tmp_path: Path) -> "Holder":
    return Holder(tmp_path / "data")


class Holder:
    def __init__(self, path: Path) -> None:
        self.path = path
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._context, self._theirs = context, theirs

    def start(self, command: str) -> int:
        self._process = self._context.Process(target=hold, args=(self.path, command, self._theirs))
        self._process.start()
        assert self._pipe.recv() == "held"
        assert self._process.pid
        return self._process.pid

    def release(self) -> None:
        self._pipe.send("enough")
        self._process.join(60)

    def kill(self) -> None:
        self._process.kill()
        self._process.join(60)


def test_a_second_up_reports_the_process_that_runs(holder: Holder) -> None:
    pid = holder.start("up")
    fails = pytest.raises(EmbeddedError, match=rf"already running in {holder.path} \(process {pid}\)")
    with fails, DataDir(holder.path).locked("up"):
        pass
    holder.release()


def test_a_command_finds_the_running_platform(holder: Holder) -> None:
    pid = holder.start("up")
    assert DataDir(holder.path).running() == RunningPlatform(pid, **RUNNING)
    holder.release()
    assert DataDir(holder.path).running() is None


def test_the_connection_file_of_a_killed_up_is_ignored(holder: Holder) -> None:
    holder.start("up")
    holder.kill()
    assert (holder.path / "connection.json").exists()
    assert DataDir(holder.path).running() is None
    with DataDir(holder.path).locked("up"):
        pass


def test_a_running_command_is_not_taken_for_an_up(holder: Holder) -> None:
    holder.start("tenant create")
    assert DataDir(holder.path).running() is None
    holder.release()


def test_the_master_key_is_stored_for_its_owner_alone(tmp_path: Path) -> None:
    folder, key = DataDir(tmp_path / "data"), Keyring.generate()
    with folder.locked("up"):
        assert folder.master_key() is None
        folder.store_master_key(key)
    assert DataDir(tmp_path / "data").master_key() == key
    assert stat.S_IMODE((tmp_path / "data/master.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_folder_that_was_there_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    with DataDir(tmp_path).locked("up"):
        pass
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    fails = pytest.raises(EmbeddedError, match="choose another with --data-dir")
    with fails, DataDir(tmp_path / "file" / "data").locked("up"):
        pass
