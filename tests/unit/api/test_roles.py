from itertools import pairwise

from orylo_api.access.roles import ALLOWED, Permission, permissions_of
from orylo_common.control.models import Role

MERCHANTS = (Role.OWNER, Role.ADMIN, Role.ANALYST, Role.VIEWER)


def test_each_merchant_role_includes_the_permissions_of_those_below() -> None:
    for above, below in pairwise(MERCHANTS):
        assert set(permissions_of(below)) <= set(permissions_of(above))


def test_the_platform_operator_cannot_set_the_status_of_customers() -> None:
    assert Role.OPERATOR not in ALLOWED[Permission.SET_CUSTOMER_STATUS]
