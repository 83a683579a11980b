"""`python -m orylo_ingest run | migrate`."""

import asyncio
import sys

from orylo_common.postgres.migrations import migrate
from orylo_common.process import serve
from orylo_common.settings import load
from orylo_ingest.app import open_app
from orylo_ingest.migrations import MIGRATIONS
from orylo_ingest.settings import Settings


def main() -> int:
    match sys.argv[1:]:
        case ["run"]:
            settings = load(Settings)
            private = None if settings.private_port is None else (settings.health_host, settings.private_port)
            return serve(open_app, settings, service="ingest", private=private)
        case ["migrate"]:
            asyncio.run(migrate(load(Settings).database_url, [MIGRATIONS]))
            return 0
    sys.stderr.write("usage: python -m orylo_ingest run | migrate\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
