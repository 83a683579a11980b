"""Print a benchmark's figures beside their goals."""

import platform
from dataclasses import dataclass
from typing import Literal

import psutil


@dataclass(frozen=True)
class Goal:
    """A figure and its goal: `above` means it should be at least the goal, `below` at most."""

    figure: float
    goal: float
    side: Literal["above", "below"]

    @property
    def ratio(self) -> float:
        """Return the figure relative to the goal: 1 meets it, more is better."""
        if self.side == "above":
            return self.figure / self.goal
        return self.goal / self.figure if self.figure else float("inf")


def machine() -> None:
    memory = psutil.virtual_memory().total / 2**30
    print(f"{psutil.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {platform.system()}")


def heading(text: str) -> None:
    print(f"\n{text}", flush=True)


def line(what: str, figure: str, goal: Goal | None = None) -> None:
    against = f"   goal {goal.goal:g}: {goal.ratio:.2f}×" if goal else ""
    print(f"  {what:44} {figure}{against}", flush=True)
