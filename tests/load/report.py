"""How a benchmark prints: a figure, the goal it has, and the ratio between them."""

import platform
from dataclasses import dataclass
from typing import Literal

import psutil


@dataclass(frozen=True)
class Goal:
    """`above`: the figure should be at least the goal; `below`: at most."""

    figure: float
    goal: float
    side: Literal["above", "below"]

    @property
    def ratio(self) -> float:
        """1 is the goal, more is better."""
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
