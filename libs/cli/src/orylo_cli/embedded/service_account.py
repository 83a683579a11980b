"""The user that PostgreSQL runs as. PostgreSQL does not run as root, so root starts it as another user."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orylo_cli.embedded.errors import EmbeddedError

# Capabilities to traverse private folders such as /root, weakest first. Containers often grant only the last one.
CAPABILITIES = (None, "dac_read_search", "dac_override")


@dataclass(frozen=True)
class ServiceAccount:
    """The user to run PostgreSQL as; without `uid`, the current user."""

    uid: int | None = None
    gid: int | None = None
    capability: str | None = None

    def command(self, arguments: Sequence[str | Path]) -> list[str]:
        """Return the command that runs `arguments` as this account and ends when this process ends, even by SIGKILL."""
        command = [str(argument) for argument in arguments]
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            if self.uid is not None:
                raise EmbeddedError("root needs setpriv to start PostgreSQL as another user: install util-linux")
            return command
        return [setpriv, *self._switch(), "--pdeathsig", "INT", *command]

    def own(self, path: Path) -> None:
        """Make this account the owner of `path`. Raises `OSError` on a file system without owners."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def _switch(self) -> list[str]:
        if self.uid is None:
            return []
        switch = ["--reuid", str(self.uid), "--regid", str(self.gid), "--clear-groups"]
        if self.capability:
            caps = f"-all,+{self.capability}"
            # Without no_setuid_fixup the kernel ignores the capability in access(2), with which PostgreSQL finds its
            # own programs.
            switch += ["--inh-caps", caps, "--ambient-caps", caps, "--securebits", "+no_setuid_fixup"]
        return switch


def account_for(folder: Path, program: Path) -> ServiceAccount | None:
    """Return the account with the least privilege that can run `program` on `folder`, or None.

    The account becomes the owner of `folder`. No other folder changes, and no user is created.
    """
    if os.geteuid() != 0:
        return ServiceAccount()
    uid, gid = _owner(folder)
    for capability in CAPABILITIES:
        account = ServiceAccount(uid, gid, capability)
        if _reaches(account, folder, program):
            return account
    return None


def _owner(folder: Path) -> tuple[int, int]:
    """Return the current owner; if that is root, `postgres` or, without such a user, `nobody`."""
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


def _reaches(account: ServiceAccount, folder: Path, program: Path) -> bool:
    try:
        account.own(folder)
    except OSError:
        return False
    test = account.command(["test", "-x", program, "-a", "-x", folder])
    return subprocess.run(test, capture_output=True, check=False).returncode == 0  # noqa: S603
