import json
from itertools import pairwise
from pathlib import Path

from orylo_api.access.roles import ALLOWED, Permission, permissions_of, roles_by_permission
from orylo_api.job_kinds import permissions_by_kind
from orylo_common.control.models import Role

ROOT = Path(__file__).parents[3]
MERCHANTS = (Role.OWNER, Role.ADMIN, Role.ANALYST, Role.VIEWER)


def test_each_merchant_role_includes_the_permissions_of_those_below() -> None:
    for above, below in pairwise(MERCHANTS):
        assert set(permissions_of(below)) <= set(permissions_of(above))


def test_the_platform_operator_cannot_set_the_status_of_customers() -> None:
    assert Role.OPERATOR not in ALLOWED[Permission.SET_CUSTOMER_STATUS]


def test_the_dashboards_table_of_permissions_is_current() -> None:
    published = json.loads((ROOT / "web/src/session/permissions.json").read_text())
    assert published == roles_by_permission(), "make docs"


def test_the_dashboards_table_of_jobs_is_current() -> None:
    published = json.loads((ROOT / "web/src/subjects/jobs/permissions.json").read_text())
    assert published == permissions_by_kind(), "make docs"
