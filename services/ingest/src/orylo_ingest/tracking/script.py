"""The tracking script that merchants' pages load."""

import gzip
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class TrackingScript:
    """The script, plain and compressed."""

    plain: bytes
    gzipped: bytes
    etag: str

    @classmethod
    def load(cls) -> "TrackingScript":
        plain = files("orylo_ingest.tracking").joinpath("t.js").read_bytes()
        return cls(plain, gzip.compress(plain, 9, mtime=0), sha256(plain).hexdigest()[:16])
