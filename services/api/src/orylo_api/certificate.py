"""The end of the certificate under which gateways reach the platform."""

import asyncio
import ssl
from datetime import timedelta
from urllib.parse import urlsplit

import structlog
from prometheus_client import Gauge

EXPIRES = Gauge(
    "orylo_certificate_expires_timestamp_seconds", "When the certificate of the webhooks' address expires", ["host"]
)
CHECK_EVERY = timedelta(hours=1)
TIMEOUT = timedelta(seconds=10)

log = structlog.get_logger(__name__)


async def measure_certificate(base_url: str, *, trusted: ssl.SSLContext | None = None) -> None:
    """Set the metric of an https:// address.

    It keeps its value while the address does not answer, and while its certificate is not trusted, as after its end.
    """
    address = urlsplit(base_url)
    if address.scheme != "https" or address.hostname is None:
        return
    try:
        async with asyncio.timeout(TIMEOUT.total_seconds()):
            _, writer = await asyncio.open_connection(
                address.hostname, address.port or 443, ssl=trusted or ssl.create_default_context()
            )
    except (OSError, TimeoutError) as error:
        log.warning("certificate.unreadable", host=address.hostname, reason=type(error).__name__)
        return
    certificate = writer.get_extra_info("peercert")
    writer.close()
    EXPIRES.labels(address.hostname).set(ssl.cert_time_to_seconds(certificate["notAfter"]))
