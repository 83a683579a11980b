"""The TypeScript client's own tests, against the running API."""

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.integration.api.conftest import Api
from tests.support.node import node

pytestmark = pytest.mark.integration

CLIENT = Path(__file__).parents[3] / "clients/typescript"


async def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Return the output of a program that must succeed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output
    return output


async def test_the_client_works(api: Api) -> None:
    output = await run(node(), "--test", "test/", cwd=CLIENT, ORYLO_URL=api.url, ORYLO_API_KEY=api.a.key)
    assert "# fail 0" in output
    assert "# pass 7" in output


async def test_the_package_holds_the_compiled_client(tmp_path: Path) -> None:
    npm = shutil.which("npm") or str(Path(node()).parent / "npm")
    output = await run(npm, "pack", "--dry-run", "--json", cwd=CLIENT, npm_config_cache=str(tmp_path))
    for name in ("dist/index.js", "dist/index.d.ts", "dist/schema.d.ts", "README.md"):
        assert f'"path": "{name}"' in output


async def test_the_python_package_holds_the_generated_client(tmp_path: Path) -> None:
    python = Path(__file__).parents[3] / "clients/python"
    await run(
        *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"),
        *("--wheel-dir", tmp_path, python),
        cwd=tmp_path,
    )
    wheel = tmp_path / "orylo_client-0.1.0-py3-none-any.whl"
    names = await run(sys.executable, "-m", "zipfile", "--list", wheel, cwd=tmp_path)
    for name in ("orylo_client/py.typed", "orylo_client/rest/api/customers/list_customers.py"):
        assert name in names
