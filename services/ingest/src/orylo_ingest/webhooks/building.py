"""Build a record as a tenant's settings say, for a webhook that was received or an event that was fetched."""

from datetime import datetime
from typing import Any

from orylo_common.control.document_key import DocumentKey
from orylo_common.control.models import GatewaySetting
from orylo_common.control.plane import ControlPlane
from orylo_common.control.sections.shop import ShopSettings
from orylo_ingest.gateways.port import Gateway
from orylo_ingest.webhooks.record import Record, build_record


def build_for_tenant(
    plane: ControlPlane,
    gateway: Gateway,
    setting: GatewaySetting,
    document: Any,
    now: datetime,
    *,
    document_key: DocumentKey,
    traceparent: str | None = None,
) -> Record:
    """Build the record to store. Scrubs `document` in place. No document makes it raise."""
    return build_record(
        gateway,
        setting.tenant_id,
        document,
        now,
        secrets=[secret.value for secret in setting.secrets],
        accept=setting.accept,
        zone=setting.zone,
        country=plane.settings(setting.tenant_id, ShopSettings).country,
        document_key=document_key,
        traceparent=traceparent,
    )
