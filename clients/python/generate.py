"""Generate `orylo_client.rest` from the OpenAPI document, with openapi-python-client."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "services/api/openapi.json"
TARGET = HERE / "src/orylo_client/rest"


def for_the_generator(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document without what the client handles itself.

    Problems are exceptions, so the successful response is the only one. The client authenticates, and revalidates no
    cached response. A stream is not one response.
    """
    for path, operations in list(document["paths"].items()):
        for method, operation in list(operations.items()):
            success = next(each for status, each in operation["responses"].items() if status.startswith("2"))
            if "text/event-stream" in success.get("content", {}):
                del operations[method]
                continue
            for content in (success.get("content", {}), operation.get("requestBody", {}).get("content", {})):
                if "text/csv" in content:
                    content["text/csv"]["schema"]["format"] = "binary"
            operation["responses"] = {"default": success}
            operation["parameters"] = [each for each in operation["parameters"] if each["name"] != "If-None-Match"]
        if not operations:
            del document["paths"][path]
    return document


def main() -> int:
    document = for_the_generator(json.loads(DOCUMENT.read_text()))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "openapi.json")
        source.write_text(json.dumps(document))
        done = subprocess.run(  # noqa: S603  the generator of this environment
            [
                *(Path(sys.executable).with_name("openapi-python-client"), "generate", "--path", source),
                *("--config", HERE / "generator.yaml", "--custom-template-path", HERE / "templates"),
                *("--meta", "none", "--output-path", TARGET, "--overwrite", "--fail-on-warning"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if done.returncode:
        sys.stderr.write(done.stdout)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
