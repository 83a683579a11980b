"""The supported payment gateways."""

from collections.abc import Mapping

from orylo_ingest.gateways.hotmart.adapter import Hotmart
from orylo_ingest.gateways.kiwify import Kiwify
from orylo_ingest.gateways.perfectpay import PerfectPay
from orylo_ingest.gateways.port import Gateway
from orylo_ingest.gateways.stripe.adapter import Stripe

GATEWAYS: Mapping[str, Gateway] = {gateway.name: gateway for gateway in (Stripe(), Hotmart(), Kiwify(), PerfectPay())}
