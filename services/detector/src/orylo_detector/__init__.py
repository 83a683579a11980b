"""Decides on each payment: runs the detectors and combines their findings into a risk and reasons."""
