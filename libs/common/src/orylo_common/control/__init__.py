"""The control plane: configuration that every service reads, and the API and the command line write."""

from orylo_common.control.keyring import Keyring
from orylo_common.control.models import Destination, GatewaySecret, GatewaySetting, Tenant, TenantSettings

__all__ = [
    "Destination",
    "GatewaySecret",
    "GatewaySetting",
    "Keyring",
    "Tenant",
    "TenantSettings",
]
