"""Sections of a tenant's settings: contracts between the services that read them and the clients that write them."""

from collections.abc import Mapping

from orylo_common.control.models import TenantSettings
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.control.sections.dispatch import DispatchPolicy
from orylo_common.control.sections.fuse import FusePolicy
from orylo_common.control.sections.limits import LimitSettings
from orylo_common.control.sections.shop import ShopSettings
from orylo_common.control.sections.tracking import TrackingSettings
from orylo_common.control.sections.trust import TrustPolicy

SECTIONS: Mapping[str, type[TenantSettings]] = {
    each.section: each
    for each in (
        ShopSettings,
        TrackingSettings,
        LimitSettings,
        DetectionPolicy,
        TrustPolicy,
        DispatchPolicy,
        FusePolicy,
    )
}
