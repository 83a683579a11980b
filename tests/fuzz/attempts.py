"""Build requests that no gateway sends, as raw HTTP. A seed and a number always give the same request.

    python -m tests.fuzz.attempts SEED NUMBER

prints one of them.
"""

import gzip
import hmac
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.fuzz.bodies import GATEWAYS, VISIT, another, mutated
from tests.support.ingest_process import SECRET

# Tenants: one whose gateways use their own authentication, and one behind a relay that signs with HMAC.
NATIVE, RELAY = "native", "relay"
BOMB = gzip.compress(b" " * 30_000_000, 9)

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Attempt:
    """One request. If `broken`, the bytes may be malformed HTTP, or more or less than one request."""

    number: int
    kind: str
    method: bytes
    wire: bytes
    broken: bool


def attempt(seed: int, number: int) -> Attempt:
    random = Random(f"{seed}:{number}")
    tracks = random.random() < 0.15
    gateway, tenant = random.choice(GATEWAYS), random.choice((NATIVE, NATIVE, RELAY))
    how, body = mutated(random, VISIT if tracks else another(random, number, gateway))
    path = b"/api/v1/track/%s" % tenant.encode() if tracks else f"/api/v1/webhooks/{gateway}/{tenant}".encode()
    headers: Headers = [(b"Host", b"127.0.0.1"), (b"Content-Type", b"application/json")]
    if not tracks:
        body, query, proof = prove(random, gateway, tenant, body)
        path, headers = path + query, headers + proof
    # Most attempts are well-formed and authenticated: only those reach the code behind authentication.
    if random.random() < 0.6:
        return Attempt(number, f"{gateway} {how}", b"POST", written(b"POST", path, headers, body), broken=False)
    shape = random.choice(SHAPES)
    return shape(random, number, path, headers, body)


def prove(random: Random, gateway: str, tenant: str, body: bytes) -> tuple[bytes, bytes, Headers]:
    """Return body, query and headers of an authenticated request with this body."""
    key, query, headers = SECRET.encode(), b"", []
    match gateway if tenant == NATIVE else RELAY:
        case "stripe":
            at = int(time.time())
            headers = [(b"Stripe-Signature", b"t=%d,v1=%s" % (at, signed(b"%d." % at + body, "sha256")))]
        case "hotmart":
            headers = [(b"X-HOTMART-HOTTOK", key)]
        case "kiwify" if random.random() < 0.2:
            body = b'{"signature":"%s","order":%s}' % (signed(body, "sha1"), body)
        case "kiwify":
            query = b"?signature=" + signed(body, "sha1")
    # For the relay and for simplified bodies. PerfectPay's token is in the body.
    return body, query, [*headers, (b"X-Signature", b"sha256=" + signed(body, "sha256"))]


def signed(text: bytes, digest: str) -> bytes:
    return hmac.digest(SECRET.encode(), text, digest).hex().encode()


def written(method: bytes, path: bytes, headers: Headers, body: bytes, *, length: bool = True) -> bytes:
    lines = [b"%s %s HTTP/1.1" % (method, path), *(b"%s: %s" % header for header in headers)]
    if length:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


# --- shapes of requests ------------------------------------------------------------------------------------------


def other_proof(random: Random, number: int, path: bytes, headers: Headers, body: bytes) -> Attempt:
    """Use proofs that are missing, garbled, repeated, out of date or not text."""
    values = (
        b"",
        b"t=,v1=",
        b"t=1,v1=" + b"0" * 64,
        b"t=99999999999999999999,v1=" + b"a" * 64,
        b"t=-1,v1=x,v1=y,v0=z" + b",v1=q" * 500,
        b"t=1e9,v1=\xff\xfe",
        b"sha256=",
        b"sha256=" + "é".encode() * 32,
        b"a" * 8000,
        b"\x80\x81",
        SECRET.encode() + b" ",
    )
    names = (b"Stripe-Signature", b"X-Signature", b"X-HOTMART-HOTTOK", b"Authorization")
    kept = [header for header in headers if header[0] not in names or random.random() < 0.5]
    added = [(random.choice(names), random.choice(values)) for _ in range(random.randrange(3))]
    path = path.split(b"?")[0] + random.choice((b"", b"?signature=", b"?signature=%ff%00", b"?signature=a&signature=b"))
    return Attempt(number, "other proof", b"POST", written(b"POST", path, kept + added, body), broken=False)


def other_headers(random: Random, number: int, path: bytes, headers: Headers, body: bytes) -> Attempt:
    """Add unusual headers, or too many of them."""
    choices: list[Headers] = [
        [
            (
                b"Content-Type",
                random.choice((b"text/plain", b"", b"nonsense", b"multipart/form-data", b"a/b; charset=x")),
            )
        ],
        [(b"Content-Type", b"application/x-www-form-urlencoded; charset=utf-16")],
        [(b"X-Forwarded-For", random.choice((b"1.2.3.4", b"'; DROP TABLE", b"\xff", b"::1," * 500)))],
        [(b"Expect", random.choice((b"100-continue", b"100-Continue", b"200-ok", b"")))],
        [(b"Accept-Encoding", b"gzip"), (b"If-None-Match", b"*"), (b"Range", b"bytes=0-1")],
        [(b"Cookie", b"a=" + b"b" * 4000)] * 3,
        [(b"X-%d" % index, b"1") for index in range(100)],
        [(b"traceparent", random.choice((b"00-" + b"0" * 32 + b"-0-0", b"\xff", b"00-" + b"f" * 5000)))],
        [(b"Origin", random.choice((b"null", b"https://evil.example", b"\xff\xfe", b"a" * 4000)))],
        [(b"User-Agent", random.choice((b"", b"\xff" * 100, b"4242424242424242", b"x" * 7000)))],
        [(b"Connection", random.choice((b"close", b"keep-alive", b"Upgrade, close")))],
        [(b"Host", random.choice((b"other", b"", b"\xff")))],
    ]
    added = random.choice(choices)
    kept = [header for header in headers if header[0] != added[0][0] or random.random() < 0.2]
    wire = written(b"POST", path, kept + added, body)
    return Attempt(number, f"header {added[0][0].decode()}", b"POST", wire, broken=False)


def other_encoding(random: Random, number: int, path: bytes, headers: Headers, body: bytes) -> Attempt:
    """Send a compressed body, or one that wrongly claims to be."""
    zipped = gzip.compress(body, 1)
    name, coded = random.choice(
        (
            (b"gzip", zipped),
            (b"gzip", zipped[: len(zipped) // 2]),
            (b"gzip", zipped[:-4] + b"\0\0\0\0"),
            (b"gzip", zipped + b"more"),
            (b"gzip", zipped * 3),
            (b"gzip", body),
            (b"gzip", b""),
            (b"gzip", BOMB),
            (b"deflate", zlib.compress(body)),
            (b"deflate", zlib.compress(body)[2:-4]),
            (b"deflate", body),
            (b"br", body),
            (b"zstd", body),
            (b"identity", body),
            (b"gzip, gzip", gzip.compress(zipped)),
            (b"nonsense", body),
            (b"\xff", body),
        )
    )
    wire = written(b"POST", path, [*headers, (b"Content-Encoding", name)], coded)
    return Attempt(number, f"encoding {name!r}", b"POST", wire, broken=False)


def in_chunks(random: Random, number: int, path: bytes, headers: Headers, body: bytes) -> Attempt:
    """Send the body in well-formed chunks."""
    headers = [*headers, (b"Transfer-Encoding", b"chunked")]
    size = random.choice((1 + len(body) // 100, 500, 9000))
    pieces = [
        b"%x%s\r\n%s\r\n" % (len(body[at : at + size]), random.choice((b"", b";a=b")), body[at : at + size])
        for at in range(0, len(body), size)
    ]
    wire = written(b"POST", path, headers, b"".join(pieces) + b"0\r\n\r\n", length=False)
    return Attempt(number, "chunks", b"POST", wire, broken=False)


def other_address(random: Random, number: int, path: bytes, headers: Headers, body: bytes) -> Attempt:
    """Use unknown paths and methods, or those of another endpoint."""
    path = random.choice(
        (
            path.replace(NATIVE.encode(), RELAY.encode()),
            path.replace(NATIVE.encode(), b"nobody"),
            path.replace(NATIVE.encode(), b"../" + RELAY.encode()),
            path.replace(NATIVE.encode(), b"%6eative"),
            path.replace(b"/", b"//"),
            path.replace(b"/", b"%2f"),
            path + b"/",
            path + b"/../../" + RELAY.encode(),
            path + b"%00",
            path + b"%ff%fe",
            path + "/é".encode(),
            path + b";a=b",
            path + b"?" + b"a=%&" * 200,
            path + b"?signature=" + b"a" * 5000,
            b"/api/v1/webhooks/",
            b"/api/v1/webhooks/stripe",
            b"/api/v1/webhooks//",
            b"/api/v1/webhooks/" + b"a" * 3000 + b"/" + b"b" * 3000,
            b"/api/v1/track/",
            b"/api/v1/track/%00",
            b"/api/v1/track/..%2fnative",
            b"/t.js",
            b"/t.js/../healthz",
            b"/%",
            b"/",
            b"*",
            b"http://other.example" + path,
        )
    )
    asked = (b'W/"', b'"a", W/"b"', b"*", b"\xff", b'"' * 5000)
    headers = [*headers, (b"If-None-Match", random.choice(asked))]
    method = random.choice((b"POST",) * 4 + (b"GET", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"TRACE"))
    return Attempt(
        number, f"{method.decode()} {path[:60]!r}", method, written(method, path, headers, body), broken=False
    )


def broken_length(random: Random, number: int, path: bytes, headers: Headers, body: bytes) -> Attempt:
    """Send a Content-Length that is wrong, negative, repeated or not a number."""
    lengths: Headers = random.choice(
        (
            [(b"Content-Length", b"%d" % (len(body) + 10))],
            [(b"Content-Length", b"%d" % (len(body) // 2))],
            [(b"Content-Length", b"-1")],
            [(b"Content-Length", b"+%d" % len(body))],
            [(b"Content-Length", b"1e3")],
            [(b"Content-Length", b"99999999999999999999999")],
            [(b"Content-Length", b"2000000")],
            [(b"Content-Length", b"%d" % len(body)), (b"Content-Length", b"1")],
            [(b"Content-Length", b"%d" % len(body)), (b"Transfer-Encoding", b"chunked")],
            [],
        )
    )
    wire = written(b"POST", path, headers + lengths, body, length=False)
    return Attempt(number, f"length {lengths!r}", b"POST", wire, broken=True)


def broken_chunks(random: Random, number: int, path: bytes, headers: Headers, body: bytes) -> Attempt:
    """Send malformed chunks."""
    chunks = random.choice(
        (
            b"%x\r\n%s\r\n" % (len(body), body),
            b"zz\r\n%s\r\n0\r\n\r\n" % body,
            b"-1\r\n%s\r\n0\r\n\r\n" % body,
            b"%x\r\n%s\r\n0\r\n\r\n" % (len(body) + 5, body),
            b"ffffffffffffffffff\r\n" + body,
            b"%x\n%s\n0\n\n" % (len(body), body),
            b"0\r\nX-Trailer: \x00\r\n\r\n",
            b"0" * 20_000 + b"\r\n",
            b"",
        )
    )
    wire = written(b"POST", path, [*headers, (b"Transfer-Encoding", b"chunked")], chunks, length=False)
    return Attempt(number, f"chunks {chunks[:20]!r}", b"POST", wire, broken=True)


def broken_head(random: Random, number: int, path: bytes, headers: Headers, body: bytes) -> Attempt:
    """Send a malformed request line or malformed headers."""
    whole = written(b"POST", path, headers, body)
    head, _, _ = whole.partition(b"\r\n\r\n")
    wire = random.choice(
        (
            whole.replace(b"\r\n", b"\n"),
            whole.replace(b"HTTP/1.1", random.choice((b"HTTP/9.9", b"HTTP/1.0", b"HTTP/2", b"", b"http"))),
            whole.replace(b": ", random.choice((b"", b" : ", b":\t\x00", b"\xff: ")), 1),
            whole.replace(b"POST", random.choice((b"P\x00ST", b"", b"post", b"A" * 9000)), 1),
            whole.replace(b"Host: ", b" folded\r\nHost: ", 1),
            head + b"\r\nX-Long: " + b"a" * 9000 + b"\r\n\r\n" + body,
            head + b"\r\n" + b"\r\n".join(b"X-%d: 1" % index for index in range(300)) + b"\r\n\r\n" + body,
            head + b"\r\nX-Bad: a\x00b\r\n\r\n" + body,
            head + b"\r\nX-Bad: a\rb\r\n\r\n" + body,
            whole[: random.randrange(1, len(head))],
            flipped(random, head) + b"\r\n\r\n" + body,
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + random.randbytes(200),
            random.randbytes(random.randrange(1, 3000)),
            b"\r\n" * random.randrange(1, 5) + whole,
            b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
            b"GET /t.js HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + body[:500],
            b"CONNECT other.example:443 HTTP/1.1\r\nHost: other.example\r\n\r\n" + body[:500],
        )
    )
    return Attempt(number, "head", b"POST", wire, broken=True)


def flipped(random: Random, head: bytes) -> bytes:
    changed = bytearray(head)
    changed[random.randrange(len(head))] = random.randrange(256)
    return bytes(changed)


Shape = Callable[[Random, int, bytes, Headers, bytes], Attempt]
SHAPES: tuple[Shape, ...] = (
    other_proof,
    other_headers,
    other_headers,
    other_encoding,
    in_chunks,
    other_address,
    other_address,
    broken_length,
    broken_chunks,
    broken_head,
)


if __name__ == "__main__":
    sys.stdout.write(f"{attempt(int(sys.argv[1]), int(sys.argv[2]))}\n")
