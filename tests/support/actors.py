"""The author of the changes that tests make to the control plane."""

from orylo_common.control.audit import Actor

ACTOR = Actor("command", None, "cli:tests", "localhost", "pytest")
