from itertools import pairwise

from orylo_api.access.roles import ALLOWED, Permission, permissions_of
from orylo_common.control.models import Role

MERCHANTS = (Role.OWNER, Role.ADMIN, Role.ANALYST, Role.VIEWER)


def test_each_of_the_merchants_roles_includes_those_below_it() -> None:
    for above, below in pairwise(MERCHANTS):
        assert set(permissions_of(below)) <= set(permissions_of(above))


def test_the_platforms_operator_decides_nothing_about_the_merchants_buyers() -> None:
    assert Role.OPERATOR not in ALLOWED[Permission.SET_CUSTOMER_STATUS]
