"""python -m orylo_detector run | migrate"""

import asyncio
import os
import sys

from orylo_common.control import migrations as control
from orylo_common.postgres import partitions
from orylo_common.postgres.migrations import migrate
from orylo_common.process import serve
from orylo_common.settings import load
from orylo_detector.app import open_app
from orylo_detector.migrations import MIGRATIONS
from orylo_detector.settings import Settings


def main(arguments: list[str]) -> int:
    match arguments:
        case ["run"]:
            settings = load(Settings)
            return serve(open_app, settings, service="detector", private=(settings.health_host, settings.health_port))
        case ["migrate"]:
            schemas = [control.MIGRATIONS, partitions.MIGRATIONS, MIGRATIONS]
            for applied in asyncio.run(migrate(load(Settings).database_url, schemas)):
                sys.stdout.write(f"applied {applied}\n")
            return 0
        case _:
            sys.stderr.write("usage: python -m orylo_detector run | migrate\n")
            return os.EX_USAGE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
