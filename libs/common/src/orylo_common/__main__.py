"""python -m orylo_common migrate: migrates the shared schemas. Run it before the services' own migrations."""

import asyncio
import os
import sys

from orylo_common.broker.migrations import MIGRATIONS as BUS
from orylo_common.control.migrations import MIGRATIONS as CONTROL
from orylo_common.postgres.migrations import migrate
from orylo_common.postgres.partitions import MIGRATIONS as PARTITIONS
from orylo_common.settings import CommonSettings, load


def main(arguments: list[str]) -> int:
    if arguments != ["migrate"]:
        sys.stderr.write("usage: python -m orylo_common migrate\n")
        return os.EX_USAGE
    for applied in asyncio.run(migrate(load(CommonSettings).database_url, [CONTROL, PARTITIONS, BUS])):
        sys.stdout.write(f"applied {applied}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
