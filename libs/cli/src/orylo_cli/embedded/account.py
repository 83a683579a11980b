"""Which user PostgreSQL runs as. It refuses to be root, so root starts it as somebody else."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orylo_cli.embedded.errors import EmbeddedError

# What lets PostgreSQL pass through private folders such as /root on the way to its own, least first.
# Containers often grant only the last.
CAPABILITIES = (None, "dac_read_search", "dac_override")


@dataclass(frozen=True)
class Account:
    """A user to run as; `uid` None means the one that we are."""

    uid: int | None = None
    gid: int | None = None
    capability: str | None = None

    def command(self, arguments: Sequence[str | Path]) -> list[str]:
        """The command line that runs `arguments` as this account, ending when we end, however we end."""
        command = [str(argument) for argument in arguments]
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            if self.uid is not None:
                raise EmbeddedError("setpriv is missing, which root needs to start PostgreSQL: install util-linux")
            return command
        return [setpriv, *self._switch(), "--pdeathsig", "INT", *command]

    def own(self, path: Path) -> None:
        """Make it this account's. Raises `OSError` where the file system knows no owners."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def _switch(self) -> list[str]:
        if self.uid is None:
            return []
        switch = ["--reuid", str(self.uid), "--regid", str(self.gid), "--clear-groups"]
        if self.capability:
            caps = f"-all,+{self.capability}"
            # Without the last one the kernel ignores the capability in access(2), with which
            # PostgreSQL looks for its own programs.
            switch += ["--inh-caps", caps, "--ambient-caps", caps, "--securebits", "+no_setuid_fixup"]
        return switch


def account_for(folder: Path, program: Path) -> Account | None:
    """Who can run `program` on the data in `folder`, with the least privilege that works; None if nobody can.

    `folder` exists, and is theirs afterwards. No other folder changes, and no user is added.
    """
    if os.geteuid() != 0:
        return Account()
    uid, gid = _owner(folder)
    for capability in CAPABILITIES:
        account = Account(uid, gid, capability)
        if _reaches(account, folder, program):
            return account
    return None


def _owner(folder: Path) -> tuple[int, int]:
    """The present owner, else `postgres` where there is one, else `nobody`."""
    status = folder.stat()
    if status.st_uid != 0:
        return status.st_uid, status.st_gid
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    return 65534, 65534


def _reaches(account: Account, folder: Path, program: Path) -> bool:
    try:
        account.own(folder)
    except OSError:
        return False
    test = account.command(["test", "-x", program, "-a", "-x", folder])
    return subprocess.run(test, capture_output=True, check=False).returncode == 0  # noqa: S603
