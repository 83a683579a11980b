"""Conditions that row-level security would take for leaky cannot use an index: a plan must look customers up by id."""

import re

import pytest

from orylo_api.customers.queries import LAST_PAYMENT, SELECT_CUSTOMER
from orylo_api.http.tenancy import tenant_transaction
from orylo_common.control.models import Role
from orylo_common.postgres.pool import open_pool
from tests.integration.api.conftest import Api

pytestmark = pytest.mark.integration

LISTED = f"SELECT * FROM api.customers_view AS rows WHERE {LAST_PAYMENT} >= now() LIMIT 5"


@pytest.mark.parametrize(
    ("statement", "values", "lookups"),
    [
        (SELECT_CUSTOMER, ["cus_1"], 3),
        (LISTED, [], 1),
    ],
    ids=["customer", "last payment"],
)
async def test_customers_are_looked_up_by_id(
    api: Api, postgres_dsn: str, statement: str, values: list[object], lookups: int
) -> None:
    async with (
        open_pool(postgres_dsn, role="orylo_api", max_size=1) as pool,
        tenant_transaction(pool, api.a.tenant.id, Role.OWNER) as connection,
    ):
        for method in ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "material", "memoize"):
            await connection.execute("SELECT set_config($1, 'off', true)", f"enable_{method}")
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {statement}", *values))
    assert len(re.findall(r"Index Cond: .*customer_id (?:=|IN)", plan)) >= lookups, plan
