"""`python -m orylo_dispatch run | migrate`."""

import asyncio
import sys

from orylo_common.postgres.migrations import migrate
from orylo_common.process import serve
from orylo_common.settings import load
from orylo_dispatch.app import open_app
from orylo_dispatch.migrations import MIGRATIONS
from orylo_dispatch.settings import Settings


def main() -> int:
    match sys.argv[1:]:
        case ["run"]:
            settings = load(Settings)
            return serve(open_app, settings, service="dispatch", private=(settings.health_host, settings.health_port))
        case ["migrate"]:
            asyncio.run(migrate(load(Settings).database_url, [MIGRATIONS]))
            return 0
    sys.stderr.write("usage: python -m orylo_dispatch run | migrate\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
