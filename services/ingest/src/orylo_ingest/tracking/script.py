"""The tracking script that merchants' pages load."""

import gzip
import re
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

# Lines that are comments, and indentation. No string of the script spans lines.
_FOR_READERS = re.compile(rb"^\s*//.*\n|^[ ]+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class TrackingScript:
    """The script without comments and indentation, plain and compressed."""

    plain: bytes
    gzipped: bytes
    etag: str

    @classmethod
    def load(cls) -> "TrackingScript":
        plain = _FOR_READERS.sub(b"", files("orylo_ingest.tracking").joinpath("t.js").read_bytes())
        return cls(plain, gzip.compress(plain, 9, mtime=0), sha256(plain).hexdigest()[:16])
