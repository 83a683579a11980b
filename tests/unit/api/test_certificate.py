"""The end of a server's certificate becomes a metric."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from prometheus_client import REGISTRY

from orylo_api.certificate import measure_certificate

ENDS = datetime(2099, 1, 1, tzinfo=UTC)


def expires(host: str) -> float | None:
    return REGISTRY.get_sample_value("orylo_certificate_expires_timestamp_seconds", {"host": host})


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a file with a key and a certificate for `localhost`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(ENDS)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    plain = serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return file


async def test_the_end_is_read_from_the_server(certificate: Path) -> None:
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(certificate)
    trusted = ssl.create_default_context(cafile=str(certificate))
    server = await asyncio.start_server(lambda _, writer: writer.close(), "localhost", 0, ssl=serving)
    async with server:
        port = server.sockets[0].getsockname()[1]

        await measure_certificate(f"https://localhost:{port}/hooks", trusted=trusted)
        assert expires("localhost") == ENDS.timestamp()

        # Not trusted: the metric keeps its value.
        await measure_certificate(f"https://localhost:{port}/hooks")
        assert expires("localhost") == ENDS.timestamp()


async def test_an_address_without_a_certificate_or_an_answer_has_no_metric() -> None:
    await measure_certificate("http://127.0.0.1:8080")
    await measure_certificate("https://127.0.0.1:1")

    assert expires("127.0.0.1") is None
