"""Run the fake Meta as a separate process, which no test kills."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.servers import free_ports, killed_with_parent, listens, wait_until


@dataclass(frozen=True)
class MetaProcess:
    url: str

    def datasets(self) -> dict[str, dict[str, Any]]:
        """Return what each pixel has received so far."""
        with urllib.request.urlopen(f"{self.url}/__control") as response:
            datasets: dict[str, dict[str, Any]] = json.load(response)["datasets"]
            return datasets

    def counted(self) -> dict[str, int]:
        """Return how often Meta counts each event id: duplicates within 48 hours count once."""
        datasets = self.datasets().values()
        counted = {event_id: 1 for dataset in datasets for event_id in dataset["event_ids"]}
        return counted | {event_id: 2 for dataset in datasets for event_id in dataset["counted_twice"]}

    def received(self) -> dict[str, int]:
        """Return how often each event id was received, duplicates included."""
        datasets = self.datasets().values()
        return {event_id: times for dataset in datasets for event_id, times in dataset["event_ids"].items()}

    def first_at(self) -> dict[str, float]:
        """Return when each event id was first received, in Unix seconds."""
        return {event_id: at for dataset in self.datasets().values() for event_id, at in dataset["first_at"].items()}

    def misbehave(self, **fault: object) -> None:
        request = urllib.request.Request(
            f"{self.url}/__control/mode", json.dumps(fault).encode(), {"Content-Type": "application/json"}
        )
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request) as response:
            response.read()


@contextmanager
def meta_process(folder: Path) -> Iterator[MetaProcess]:
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "orylo_cli.demo.fake_meta", "--port", str(port)]
    with (folder / "meta.log").open("ab") as log:
        process = subprocess.Popen(killed_with_parent(command), stdout=log, stderr=log)
    try:
        wait_until(lambda: listens(port), "fake Meta", folder / "meta.log")
        yield MetaProcess(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait()
