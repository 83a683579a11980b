"""The embedded PostgreSQL in any folder, as any user, after any kill."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

import asyncpg
import pytest

from orylo_cli.embedded import postgres as module
from orylo_cli.embedded.postgres import EmbeddedPostgres, running_postgres
from orylo_cli.embedded.service_account import ServiceAccount
from tests.support.servers import wait_until

pytestmark = pytest.mark.integration

ROOT = os.geteuid() == 0
NOBODY = 65534

# Writes numbers one after the other and says each one once it is committed.
WRITER = dedent("""
    import asyncio, sys
    from pathlib import Path
    import asyncpg
    from orylo_cli.embedded.postgres import EmbeddedPostgres

    postgres = EmbeddedPostgres(Path(sys.argv[1]))
    dsn = postgres.start()
    print("pid", postgres.pid, flush=True)

    async def write():
        connection = await asyncpg.connect(dsn)
        await connection.execute("CREATE TABLE numbers (number int)")
        for number in range(1_000_000):
            await connection.execute("INSERT INTO numbers VALUES ($1)", number)
            print("committed", number, flush=True)

    asyncio.run(write())
""")


def ask(dsn: str, query: str) -> object:
    async def fetch() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def gone(pid: int) -> bool:
    """A zombie counts as ended: its new parent has to reap it."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def modes(folders: Sequence[Path]) -> list[tuple[int, int, int]]:
    return [(status.st_mode, status.st_uid, status.st_gid) for status in map(os.stat, folders)]


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A folder that other users cannot traverse, such as /root, with a long name that has spaces and accents."""
    folder = tmp_path / "só para mim" / ("a long name " * 8)
    folder.mkdir(parents=True)
    for each in (folder, folder.parent, tmp_path):
        each.chmod(0o700)
    return folder


def test_it_starts_in_a_private_folder_and_does_not_change_permissions(private: Path) -> None:
    above = [private, *private.parents]
    before = modes(above)
    with running_postgres(private / "postgres") as dsn:
        assert ask(dsn, "SELECT 1") == 1
    assert modes(above) == before
    data = private / "postgres" / "data"
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE((private / "postgres" / "password").stat().st_mode) == 0o600
    assert (data.stat().st_uid == os.geteuid()) != ROOT


def test_it_requires_the_password_and_writes_durably(tmp_path: Path) -> None:
    with running_postgres(tmp_path / "postgres") as dsn:
        for name, value in (
            ("fsync", "on"),
            ("synchronous_commit", "on"),
            ("wal_compression", "pglz"),
            ("listen_addresses", "127.0.0.1"),
        ):
            assert ask(dsn, f"SHOW {name}") == value
        assert ask(dsn, "SHOW unix_socket_directories") == ""
        with pytest.raises(asyncpg.InvalidPasswordError):
            ask(dsn.replace(dsn.split(":")[2].split("@")[0], "wrong"), "SELECT 1")


def test_an_interrupted_first_start_begins_again(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    (folder / "data.unfinished").mkdir(parents=True)
    (folder / "data.unfinished" / "PG_VERSION").write_text("18")
    with running_postgres(folder) as dsn:
        assert ask(dsn, "SELECT 1") == 1
    assert not (folder / "data.unfinished").exists()


class Writer:
    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", WRITER, folder], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self._lines: Iterator[str] = iter(self.process.stdout)
        self.postgres = int(next(self._lines).split()[1])
        self.committed = -1

    def until(self, number: int) -> None:
        while self.committed < number:
            self._note(next(self._lines))

    def rest(self) -> None:
        for line in self._lines:
            self._note(line)
        self.process.wait()

    def _note(self, line: str) -> None:
        if line.startswith("committed") and line.endswith("\n"):
            self.committed = int(line.split()[1])


def test_killing_its_parent_loses_no_data_and_leaves_no_process(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "postgres")
    writer.until(200)
    writer.process.kill()
    writer.rest()
    wait_until(lambda: gone(writer.postgres), "the end of an orphaned PostgreSQL")
    with running_postgres(tmp_path / "postgres") as dsn:
        assert ask(dsn, "SELECT max(number) FROM numbers") in (writer.committed, writer.committed + 1)
        assert ask(dsn, "SELECT count(*) = max(number) + 1 FROM numbers")


def test_killing_postgres_loses_no_data(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "postgres")
    writer.until(200)
    os.kill(writer.postgres, signal.SIGKILL)
    writer.rest()
    with running_postgres(tmp_path / "postgres") as dsn:
        assert ask(dsn, "SELECT max(number) FROM numbers") in (writer.committed, writer.committed + 1)


def test_an_orphaned_server_is_stopped_and_replaced(tmp_path: Path) -> None:
    first = EmbeddedPostgres(tmp_path / "postgres")
    dsn = first.start()
    ask(dsn, "CREATE TABLE kept (x int)")
    pid = first.pid
    # As if whoever started it were gone: nothing but the running server is left.
    second = EmbeddedPostgres(tmp_path / "postgres")
    try:
        again = second.start()
        assert gone(pid)
        assert ask(again, "SELECT count(*) FROM kept") == 0
    finally:
        second.stop()
        first.stop()


def test_a_stale_pid_file_that_names_another_program_is_ignored(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    with running_postgres(folder):
        stale = (folder / "data" / "postmaster.pid").read_text()
    lines = stale.splitlines()
    (folder / "data" / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]))
    with running_postgres(folder) as dsn:
        assert ask(dsn, "SELECT 1") == 1


@pytest.mark.skipif(not ROOT, reason="every other test has just run it as an ordinary user")
def test_a_user_other_than_root_can_run_it(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    # The capability is for finding Python and the wheel, which may lie below /root here.
    nobody = ServiceAccount(NOBODY, NOBODY, "dac_read_search")
    script = dedent("""
        import os, sys
        from pathlib import Path
        from orylo_cli.embedded.postgres import running_postgres

        with running_postgres(Path(sys.argv[1]) / "postgres") as dsn:
            print(os.geteuid(), dsn.startswith("postgresql://"))
    """)
    done = subprocess.run(
        nobody.command([sys.executable, "-c", script, folder]), capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == [str(NOBODY), "True"], done.stderr
    assert (folder / "postgres" / "data").stat().st_uid == NOBODY


@pytest.mark.skipif(not ROOT, reason="only root has to look for a way in")
def test_the_data_are_stored_elsewhere_if_the_folder_is_out_of_reach(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orylo_cli.embedded.service_account.CAPABILITIES", (None,))
    before = modes([private, *private.parents])
    # Not below pytest's own folder, which each run of pytest closes to other users.
    with TemporaryDirectory(prefix="orylo-") as name:
        shared = Path(name)
        shared.chmod(0o755)
        monkeypatch.setattr(module, "SHARED_STATE", shared)
        postgres = EmbeddedPostgres(private / "postgres")
        try:
            assert ask(postgres.start(), "SELECT 1") == 1
            assert postgres.folder.parent == shared
            assert (private / "postgres").is_symlink()
        finally:
            postgres.stop()
        with running_postgres(private / "postgres") as dsn:
            assert ask(dsn, "SELECT 1") == 1
    assert modes([private, *private.parents]) == before
