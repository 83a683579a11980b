"""The payment gateways: one file each, and the port that they fit."""

from collections.abc import Mapping

from orylo_ingest.gateways.hotmart import Hotmart
from orylo_ingest.gateways.kiwify import Kiwify
from orylo_ingest.gateways.perfectpay import PerfectPay
from orylo_ingest.gateways.port import Gateway
from orylo_ingest.gateways.stripe import Stripe

GATEWAYS: Mapping[str, Gateway] = {gateway.name: gateway for gateway in (Stripe(), Hotmart(), Kiwify(), PerfectPay())}
