"""python -m orylo_api run | migrate | openapi"""

import asyncio
import os
import sys

import orjson

from orylo_api.app import open_app
from orylo_api.http.openapi import build_document
from orylo_api.migrations import MIGRATIONS
from orylo_api.routes import ROUTES
from orylo_api.settings import Settings
from orylo_common.control import migrations as control
from orylo_common.postgres import partitions
from orylo_common.postgres.migrations import migrate
from orylo_common.process import serve
from orylo_common.settings import load


def main(arguments: list[str]) -> int:
    match arguments:
        case ["run"]:
            return serve(open_app, load(Settings), service="api")
        case ["migrate"]:
            schemas = [control.MIGRATIONS, partitions.MIGRATIONS, MIGRATIONS]
            for applied in asyncio.run(migrate(load(Settings).database_url, schemas)):
                sys.stdout.write(f"applied {applied}\n")
            return 0
        case ["openapi"]:
            options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
            sys.stdout.buffer.write(orjson.dumps(build_document(ROUTES), option=options))
            return 0
        case _:
            sys.stderr.write("usage: python -m orylo_api run | migrate | openapi\n")
            return os.EX_USAGE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
