"""The control plane: what people configure, read by every service and written by the API and the command line."""

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
