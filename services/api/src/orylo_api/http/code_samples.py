"""Code samples of each operation: cURL, JavaScript and Python."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """The request that the samples send. `path` has its values, `body` is JSON or the text of a file."""

    method: str
    path: str
    media: str
    signed_in: bool
    body: Any = None
    idempotent: bool = False
    if_match: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """The headers but `Authorization`, whose value is a variable."""
        headers = {}
        if self.body is not None:
            headers["Content-Type"] = "text/csv" if isinstance(self.body, str) else "application/json"
        if self.idempotent:
            headers["Idempotency-Key"] = "order-1042"
        if self.if_match:
            headers["If-Match"] = '"2c624232cdd221771294dfbb310aca00"'
        if self.media != "application/json":
            headers["Accept"] = self.media
        return headers


def fill_path(path: str, values: dict[str, Any], query: dict[str, Any]) -> str:
    """Return the path with its values, and the query if there is one."""
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe=":@"))
    return f"{path}?{urlencode(query)}" if query else path


def code_samples(request: SampleRequest) -> list[Schema]:
    return [
        {"lang": "Shell", "label": "cURL", "source": _curl(request)},
        {"lang": "JavaScript", "label": "JavaScript", "source": _javascript(request)},
        {"lang": "Python", "label": "Python", "source": _python(request)},
    ]


def _curl(request: SampleRequest) -> str:
    lines = [f'curl --fail-with-body "$ORYLO_URL{request.path}"']
    if request.method not in {"GET", "POST"} or (request.method == "POST" and request.body is None):
        lines[0] = f'curl --fail-with-body --request {request.method} "$ORYLO_URL{request.path}"'
    if request.media == "text/event-stream":
        lines.append("--no-buffer")
    if request.signed_in:
        lines.append('--header "Authorization: Bearer $ORYLO_API_KEY"')
    lines += [f"--header {_quoted(f'{name}: {value}')}" for name, value in request.headers.items()]
    if request.body is not None:
        text = request.body if isinstance(request.body, str) else json.dumps(request.body, ensure_ascii=False)
        lines.append(f"--data-binary {_quoted(text)}")
    return " \\\n  ".join(lines)


def _quoted(text: str) -> str:
    """Quote for a POSIX shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def _javascript(request: SampleRequest) -> str:
    options = [f'method: "{request.method}"'] if request.method != "GET" else []
    headers = ["Authorization: `Bearer ${process.env.ORYLO_API_KEY}`"] if request.signed_in else []
    headers += [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in request.headers.items()]
    if headers:
        options.append("headers: {\n    " + ",\n    ".join(headers) + ",\n  }")
    if isinstance(request.body, str):
        options.append(f"body: {json.dumps(request.body, ensure_ascii=False)}")
    elif request.body is not None:
        body = json.dumps(request.body, indent=2, ensure_ascii=False).replace("\n", "\n  ")
        options.append(f"body: JSON.stringify({body})")
    rest = ", {\n  " + ",\n  ".join(options) + ",\n}" if options else ""
    call = f"const response = await fetch(`${{process.env.ORYLO_URL}}{request.path}`{rest});\n"
    if request.media == "text/event-stream":
        return (
            call + "for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) console.log(chunk);"
        )
    read = "json" if request.media == "application/json" else "text"
    return call + f"console.log(response.status, await response.{read}());"


def _python(request: SampleRequest) -> str:
    headers = ['"Authorization": f"Bearer {os.environ[\'ORYLO_API_KEY\']}"'] if request.signed_in else []
    headers += [f"{json.dumps(name)}: {value!r}" for name, value in request.headers.items()]
    arguments = [f'"{request.method}"', f'os.environ["ORYLO_URL"] + {json.dumps(request.path)}']
    if headers:
        arguments.append("headers={" + ", ".join(headers) + "}")
    if isinstance(request.body, str):
        arguments.append(f"content={request.body!r}")
    elif request.body is not None:
        arguments.append(f"json={request.body!r}")
    joined = ",\n    ".join(arguments)
    lines = "import os\n\nimport httpx\n\n"
    if request.media == "text/event-stream":
        return (
            f"{lines}with httpx.stream(\n    {joined},\n    timeout=None,\n) as response:\n"
            "    for line in response.iter_lines():\n        print(line)"
        )
    read = "json" if request.media == "application/json" else "read"
    return f"{lines}response = httpx.request(\n    {joined},\n)\nprint(response.status_code, response.{read}())"
