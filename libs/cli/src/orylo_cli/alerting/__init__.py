"""Alarms of the embedded platform: evaluated by `orylo up`, notified without Prometheus."""
