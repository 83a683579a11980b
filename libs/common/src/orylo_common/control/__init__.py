"""The control plane: configuration that every service reads, and the API and the command line write."""

from orylo_common.control.keyring import Keyring
from orylo_common.control.models import Destination, GatewaySecret, GatewaySetting, Tenant, TenantSettings
from orylo_common.control.plane import ControlPlane, Part, open_control

__all__ = [
    "ControlPlane",
    "Destination",
    "GatewaySecret",
    "GatewaySetting",
    "Keyring",
    "Part",
    "Tenant",
    "TenantSettings",
    "open_control",
]
