"""How well a destination says that it matches the events it was sent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyCoverage:
    """The share of events that carry a key, in percent. None: the destination does not say."""

    key: str
    percentage: float | None


@dataclass(frozen=True, slots=True)
class EventQuality:
    """The quality of the events of one name. `score` is from 0 to 10; None: too few events.

    `keys` identify people. `dedupe_keys` recognise the same event from a browser.
    """

    event_name: str
    score: float | None
    keys: tuple[KeyCoverage, ...]
    dedupe_keys: tuple[KeyCoverage, ...]
    freshness: str | None
