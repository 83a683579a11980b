"""The schemas of the platform, in the order of their creation."""

from importlib import import_module
from importlib.util import find_spec

from orylo_common.postgres.migrations import MigrationSet

PACKAGES = (
    "orylo_common.control.migrations",
    "orylo_common.postgres.partitions",
    "orylo_common.broker.migrations",
    "orylo_ingest.migrations",
    "orylo_detector.migrations",
    "orylo_trust.migrations",
    "orylo_dispatch.migrations",
    "orylo_api.migrations",
)


def all_migrations() -> list[MigrationSet]:
    modules = [import_module(package) for package in PACKAGES if find_spec(package)]
    return [module.MIGRATIONS for module in modules if hasattr(module, "MIGRATIONS")]
