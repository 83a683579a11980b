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
            return serve(open_app, settings, service="ingest", health_port=settings.private_port)
        case ["migrate"]:
            asyncio.run(migrate(load(Settings).database_url, [MIGRATIONS]))
            return 0
    sys.stderr.write("usage: python -m orylo_ingest run | migrate\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
