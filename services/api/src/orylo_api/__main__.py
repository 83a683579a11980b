"""python -m orylo_api run | migrate | openapi | postman | permissions | job-permissions"""

import asyncio
import os
import sys

import orjson

from orylo_api.access.roles import roles_by_permission
from orylo_api.app import open_app
from orylo_api.http.openapi import build_document
from orylo_api.http.openapi_parts import Schema
from orylo_api.http.postman import build_collection
from orylo_api.job_kinds import permissions_by_kind
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
            return _write(build_document(ROUTES))
        case ["postman"]:
            return _write(build_collection(build_document(ROUTES)))
        case ["permissions"]:
            return _write(roles_by_permission())
        case ["job-permissions"]:
            return _write(permissions_by_kind())
        case _:
            sys.stderr.write(f"usage: {__doc__}\n")
            return os.EX_USAGE


def _write(document: Schema) -> int:
    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
