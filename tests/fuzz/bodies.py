"""Mutate fixtures into bodies that no gateway sends. The same seed gives the same bodies."""

import json
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from tests.support.ingest_process import SECRET
from tests.unit.ingest.given import FOLDER

GATEWAYS = ("stripe", "hotmart", "kiwify", "perfectpay")
# The tokens of the gateways that authenticate in the body.
TOKENS = re.compile(rb"hottok-fixture-not-a-secret|pp-fixture-token-not-a-secret-01")
# Ids of events and payments.
IDS = re.compile(rb'"(?:id|order_id|code|transaction|purchase_id|payment_intent)"\s*:\s*"[^"]+')
# JSON bodies and one form body.
ORIGINALS: dict[str, list[bytes]] = {
    gateway: [TOKENS.sub(SECRET.encode(), path.read_bytes()) for path in sorted((FOLDER / gateway).iterdir())]
    for gateway in GATEWAYS
}
VISIT = json.dumps(
    {
        "kind": "pageview",
        "click_id": "oc_" + "a" * 22,
        "clicked_at": 1773160000000,
        "url": "https://shop.example/curso?fbclid=abc",
        "referrer": "https://www.facebook.com/",
        "fbclid": "IwAR0abc",
        "fbc": "fb.1.1773160000000.IwAR0abc",
        "fbp": "fb.1.1773160000000.1098115397",
        "utm_source": "facebook",
        "email": "ana@example.com",
        "phone": "+55 11 98765-0001",
    }
).encode()

# Unusual but valid JSON values.
WEIRD = [
    b"null",
    b"true",
    b"0",
    b"-0",
    b"-1",
    b"0.1e-400",
    b"1e308",
    b"9007199254740993",
    b"18446744073709551616",
    b"123456789012345678901234567890.12",
    b'""',
    b'" "',
    b'"\\u0000"',
    b'"a\\u0000b"',
    b'"\\ud83d\\ude00"',
    b'"\xe2\x80\xae\xef\xbb\xbf"',
    b'"line\\nbreak\\r\\n"',
    b'"4242424242424242"',
    b'"4242 4242 4242 4242"',
    b'"NaN"',
    b'"1e400"',
    b'"-1"',
    b'"9999999999999999999999"',
    b'"0000-00-00T00:00:00Z"',
    b'"9999-12-31T23:59:60+99:99"',
    b'"2026-02-30"',
    b'"sha256:' + b"0" * 64 + b'"',
    b'"' + b"a" * 70_000 + b'"',
    b"[]",
    b"{}",
    b"[[]]",
    b"[null]",
    b'{"":""}',
    b'{"id":{"id":{"id":[]}}}',
    b"[" * 300 + b"]" * 300,
    b'{"a":' * 300 + b'"x\\u0000"' + b"}" * 300,
    b'{"a":' * 950 + b'"x\\u0000"' + b"}" * 950,
    b"[" + b"1," * 20_000 + b"1]",
    b"{" + b",".join(b'"%d":%d' % (number, number) for number in range(3000)) + b"}",
]
# Values that are not valid JSON, or that not every parser accepts.
UNREADABLE = [
    b"1e400",
    b"-1e999",
    b"9" * 5000,
    b"NaN",
    b"-Infinity",
    b"0x10",
    b"01",
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\xff\xfe"',
    b'"\xed\xa0\x80"',
    b'"\x00"',
    b"[" * 1000 + b"]" * 1000,
    b"[" * 50_000 + b"]" * 50_000,
    b"[" * 100_000,
]
# Whole bodies, for any gateway.
STRANGE = [
    b"",
    b" ",
    b"\x00",
    b"null",
    b"[]",
    b"{}",
    b'"text"',
    b"12",
    b"=",
    b"&&&=&",
    b"a=b&a=c&a=d",
    b"a=%00&b=%ff&c=%",
    b"&".join(b"f%d=1" % number for number in range(5000)),
    b"a=1&" * 1200,
    b"\xef\xbb\xbf{}",
    b"\xff\xfe{\x00}\x00",
    b"[" * 200_000,
    b'{"a":' * 200_000,
    b"<?xml version='1.0'?><a/>",
    b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--\r\n",
]

HOLE = "@hole@"

Mutation = Callable[[Random, bytes], bytes]


def another(random: Random, number: int, gateway: str) -> bytes:
    """Return a fixture: mostly with new ids, sometimes unchanged and so a duplicate."""
    original = random.choice(ORIGINALS[gateway])
    return original if random.random() < 0.2 else IDS.sub(rb"\g<0>%d" % number, original)


def flip(random: Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(random.choice((1, 1, 1, 3, 20))):
        changed[random.randrange(len(changed))] = random.choice((random.randrange(256), random.randrange(32, 127)))
    return bytes(changed)


def truncate(random: Random, body: bytes) -> bytes:
    return body[: random.randrange(len(body))]


def cut_out(random: Random, body: bytes) -> bytes:
    start = random.randrange(len(body))
    return body[:start] + body[start + random.randrange(1, 40) :]


def repeat(random: Random, body: bytes) -> bytes:
    start = random.randrange(len(body))
    end = start + random.randrange(1, 60)
    return body[:end] + body[start:end] * random.choice((1, 1, 2, 100)) + body[end:]


def put_in(random: Random, body: bytes) -> bytes:
    at = random.randrange(len(body))
    return body[:at] + random.choice(WEIRD + UNREADABLE)[:200] + body[at:]


def repeat_a_key(random: Random, body: bytes) -> bytes:
    """Repeat a key of the document with another value."""
    keys = [at for at in range(len(body)) if body[at : at + 1] == b"{"]
    document = _loaded(body)
    if not keys or not isinstance(document, dict) or not document:
        return flip(random, body)
    at = random.choice(keys) + 1
    key = json.dumps(random.choice(sorted(document))).encode()
    return body[:at] + key + b":" + random.choice(WEIRD) + b"," + body[at:]


def swap_values(random: Random, body: bytes) -> bytes:
    """Replace one to twelve values with values of other types."""
    document = _loaded(body)
    places = list(_places(document))
    if not places:
        return flip(random, body)
    chosen = random.sample(places, min(len(places), random.choice((1, 1, 1, 2, 4, 12))))
    for holder, key in chosen:
        holder[key] = HOLE
    changed = json.dumps(document, ensure_ascii=random.random() < 0.5).encode()
    values = WEIRD if random.random() < 0.9 else WEIRD + UNREADABLE
    for _ in chosen:
        changed = changed.replace(f'"{HOLE}"'.encode(), random.choice(values), 1)
    return changed


def drop_keys(random: Random, body: bytes) -> bytes:
    document = _loaded(body)
    for _ in range(random.choice((1, 1, 2, 5))):
        places = [(holder, key) for holder, key in _places(document) if isinstance(holder, dict)]
        if places:
            holder, key = random.choice(places)
            del holder[key]
    return json.dumps(document).encode() if document is not None else truncate(random, body)


def mix(random: Random, body: bytes) -> bytes:
    """Copy values over other values of the document."""
    document = _loaded(body)
    places = list(_places(document))
    if len(places) < 2:
        return flip(random, body)
    for _ in range(random.choice((1, 2, 5))):
        (here, key), (there, other) = random.sample(places, 2)
        value = there[other]
        here[key] = value if isinstance(value, str | int | float | None) else json.loads(json.dumps(value))
    return json.dumps(document).encode()


def leave(random: Random, body: bytes) -> bytes:
    return body


def anything(random: Random, body: bytes) -> bytes:
    return random.choice((random.choice(STRANGE), random.randbytes(random.randrange(2000))))


# With their relative frequency.
MUTATIONS: dict[Mutation, int] = {
    swap_values: 40,
    drop_keys: 12,
    mix: 10,
    repeat_a_key: 8,
    flip: 8,
    put_in: 6,
    truncate: 4,
    cut_out: 4,
    repeat: 4,
    anything: 4,
    leave: 4,
}


def mutated(random: Random, original: bytes) -> tuple[str, bytes]:
    """Return the name of the mutation and the mutated body."""
    (mutation,) = random.choices(list(MUTATIONS), list(MUTATIONS.values()))
    return mutation.__name__, mutation(random, original)


def put_at_a_place(body: bytes, number: int, value: Any) -> bytes:
    """Replace one value of a document. A body that is not JSON is replaced as a whole."""
    document = _loaded(body)
    places = list(_places(document))
    if places:
        holder, key = places[number % len(places)]
        holder[key] = value
    return json.dumps(document if places else value).encode()


def _loaded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every value's container and key."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])
