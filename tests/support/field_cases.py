"""Inputs that merchants and integrators reported, as files: what they send, and what must come out.

A step names a gateway, or `track`, and has a `body` for JSON or a `form`. `relay` marks the simplified body that a
relay signs with X-Signature. `Stripe-Signature: SPACED` has a blank after each comma. Placeholders are in double
braces.
"""

import hashlib
import hmac
import json
import re
import secrets
import string
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from tests.support.shops import stripe_signature

FOLDER = Path(__file__).parents[1] / "e2e" / "field_cases"
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
PLACEHOLDER = re.compile(r"\{\{(\w+?)([+-]\d+)?\}\}")
HASHED = re.compile(r"\{\{sha:([^{}]*)\}\}")
LETTERS = string.ascii_lowercase + string.digits


@dataclass(frozen=True)
class PreparedRequest:
    path: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class FieldCase:
    """One case with its placeholders filled in, but for those of a request's proof."""

    name: str
    right: str
    steps: Sequence[Mapping[str, Any]]
    expect: Mapping[str, Any]

    @property
    def is_relayed(self) -> bool:
        return any(step.get("relay") for step in self.steps)


def read_case(path: Path) -> FieldCase:
    document = fill_in(json.loads(path.read_text()), run=new_run())
    return FieldCase(path.stem, document["right"], document["steps"], document["expect"])


def new_run() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(8))


def fill_in(value: Any, *, run: str) -> Any:
    """Replace the placeholders. A text that is only a number's placeholder becomes the number."""
    if isinstance(value, dict):
        return {fill_in(key, run=run): fill_in(each, run=run) for key, each in value.items()}
    if isinstance(value, list):
        return [fill_in(each, run=run) for each in value]
    if not isinstance(value, str):
        return value
    text = PLACEHOLDER.sub(lambda found: str(_value(found[1], int(found[2] or 0), run)), value)
    text = HASHED.sub(lambda found: hashlib.sha256(found[1].lower().encode()).hexdigest(), text)
    whole = PLACEHOLDER.fullmatch(value)
    return int(text) if whole and whole[1] in ("now", "now_ms") else text


def _value(name: str, offset_s: int, run: str) -> object:
    at = time.time() + offset_s
    local = datetime.fromtimestamp(at, SAO_PAULO)
    values: Mapping[str, object] = {
        "run": run,
        "now": int(at),
        "now_ms": int(at * 1000),
        "iso_now": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sp_now": local.strftime("%Y-%m-%d %H:%M:%S"),
        "sp_min": local.strftime("%Y-%m-%d %H:%M"),
    }
    # The placeholders of a request's proof are filled in later.
    return values.get(name, f"{{{{{name}}}}}")


def prepare(step: Mapping[str, Any], *, tenant: str, secret: str) -> PreparedRequest:
    """Build the step's request, with the proof of authenticity that its gateway sends."""
    gateway, headers = step["gateway"], dict(step.get("headers", {}))
    if gateway == "track":
        return PreparedRequest(
            f"/api/v1/track/{tenant}", json.dumps(step["body"]).encode(), {"Content-Type": "text/plain", **headers}
        )
    path = f"/api/v1/webhooks/{gateway}/{tenant}"
    if "form" in step:
        body = urlencode({**step["form"], "hottok": secret}).encode()
        return PreparedRequest(path, body, {"Content-Type": "application/x-www-form-urlencoded", **headers})
    document = step["body"] | ({"token": secret} if gateway == "perfectpay" and not step.get("relay") else {})
    body = json.dumps(document).encode()
    headers = {"Content-Type": "application/json", **headers}
    if step.get("relay"):
        headers["X-Signature"] = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    elif gateway == "stripe":
        signature = stripe_signature(body, secret)
        spaced = headers.get("Stripe-Signature") == "SPACED"
        headers["Stripe-Signature"] = signature.replace(",", ", ") if spaced else signature
    elif gateway == "hotmart":
        headers["X-HOTMART-HOTTOK"] = secret
    elif gateway == "kiwify":
        path += f"?signature={hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()}"
    return PreparedRequest(path, body, headers)


def read_http_case(path: Path, *, tenant: str, secret: str) -> bytes:
    """Build the raw request of an `.http` file."""
    text = "\n".join(line for line in path.read_text().splitlines() if not line.startswith("#"))
    head, _, body_text = str(fill_in(text, run=new_run())).partition("\n\n")
    body = body_text.strip().replace("{{hottok}}", secret).encode()
    at = re.search(r"Stripe-Signature: t=(\d+)", head)
    signature = hmac.new(secret.encode(), f"{at[1] if at else ''}.".encode() + body, hashlib.sha256).hexdigest()
    for name, value in (("tenant", tenant), ("stripe_hmac", signature), ("length", str(len(body)))):
        head = head.replace(f"{{{{{name}}}}}", value)
    return head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body
