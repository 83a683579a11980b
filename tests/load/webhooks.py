"""Build signed Stripe webhooks as raw HTTP requests."""

import hashlib
import hmac
import json
import time
import zlib
from collections.abc import Iterator
from ipaddress import IPv6Address

# As large as a real `payment_intent.succeeded` of API version 2026-10-28: about 2 kB.
TEMPLATE = {
    "id": "evt_{id}",
    "object": "event",
    "api_version": "2026-10-28.endive",
    "created": 0,
    "data": {
        "object": {
            "id": "pi_{id}",
            "object": "payment_intent",
            "amount": 29700,
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 29700,
            "application": None,
            "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": "automatic_async",
            "client_secret": "pi_{id}_secret_redacted",
            "confirmation_method": "automatic",
            "created": 0,
            "currency": "brl",
            "customer": "cus_{customer}",
            "description": "Curso Exemplo",
            "last_payment_error": None,
            "latest_charge": "ch_{id}",
            "livemode": True,
            "metadata": {
                "order_id": "PED-{id}",
                "utm_source": "facebook",
                "utm_medium": "paid_social",
                "utm_campaign": "lancamento",
                "fbp": "fb.1.1773160000000.{device}",
                "client_ip": "{ip}",
                "client_user_agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/133.0.0.0 Mobile",
            },
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": "pm_{id}",
            "payment_method_options": {
                "card": {
                    "installments": None,
                    "mandate_options": None,
                    "network": None,
                    "request_three_d_secure": "x",
                }
            },
            "payment_method_types": ["card", "boleto", "pix"],
            "processing": None,
            "receipt_email": "buyer.{customer}@example.com",
            "review": None,
            "setup_future_usage": None,
            "shipping": None,
            "source": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": None,
            "status": "succeeded",
            "transfer_data": None,
            "transfer_group": None,
        }
    },
    "livemode": True,
    "pending_webhooks": 1,
    "request": {"id": "req_{id}", "idempotency_key": "{id}-b1f6a2d0-5c6e-4f7e-9a51"},
    "type": "payment_intent.succeeded",
}

# Addresses reserved for documentation (RFC 3849): 2001:db8::/32.
DOCUMENTATION = 0x20010DB8 << 96

# So many payments share a buyer, as in a shop with returning customers.
PAYMENTS_PER_CUSTOMER = 4


def payment_id(run: str, number: int) -> str:
    """Return Orylo's id of the payment in webhook `number` of the run."""
    # The letter separates run and number: a long run of digits can look like a card number and would be masked.
    return f"stripe:pi_{run}x{number:08d}"


def stripe_requests(run: str, count: int, *, tenant: str, secret: str, host: str, first: int = 0) -> Iterator[bytes]:
    """Yield `count` HTTP/1.1 requests, each for a different payment, with a current signature."""
    now = int(time.time())
    template = json.dumps(TEMPLATE, indent=2).replace('"created": 0', f'"created": {now}')
    for number in range(first, first + count):
        customer = number // PAYMENTS_PER_CUSTOMER
        # Different for each buyer: the detector counts attempts per address and per browser.
        device = str(zlib.crc32(f"{run}{customer}".encode()))
        ip = str(IPv6Address(DOCUMENTATION + (zlib.crc32(run.encode()) << 64) + customer))
        body = (
            template.replace("{id}", f"{run}x{number:08d}")
            .replace("{customer}", f"{run}{customer}")
            .replace("{device}", device)
            .replace("{ip}", ip)
            .encode()
        )
        signature = hmac.new(secret.encode(), b"%d." % now + body, hashlib.sha256).hexdigest()
        yield (
            b"POST /api/v1/webhooks/stripe/%s HTTP/1.1\r\nHost: %s\r\n"
            b"Content-Type: application/json; charset=utf-8\r\n"
            b"User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\n"
            b"Stripe-Signature: t=%d,v1=%s\r\nContent-Length: %d\r\n\r\n"
            % (tenant.encode(), host.encode(), now, signature.encode(), len(body))
        ) + body
