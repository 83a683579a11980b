"""Customers that are one person: shown as one, merged and separated by people, and reviewed."""

from itertools import permutations
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from orylo_common.control.models import Role
from orylo_common.ids import uuid7
from orylo_common.messages import (
    CausePoints,
    CustomerMerged,
    CustomerMergeDecided,
    CustomerMergeLimited,
    CustomerUnmerged,
    PaymentSucceeded,
    TrustStatus,
)
from tests.integration.api.conftest import Api
from tests.integration.api.test_customer_scores import post, requested
from tests.integration.api.test_endpoints import get, of
from tests.unit.api.builders import after, detection, payment, trust_updated

pytestmark = pytest.mark.integration


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


def envelope(api: Api, **changes: Any) -> dict[str, Any]:
    message_id = uuid7()
    return of(api, message_id=message_id, correlation_id=message_id, occurred_at=after(0), **changes)


def merged(api: Api, people: tuple[str, ...], customer_id: str, version: int = 1, **changes: Any) -> CustomerMerged:
    return CustomerMerged(**envelope(api, customer_id=customer_id, people=people, version=version, **changes))


def unmerged(api: Api, customer_id: str, version: int, **changes: Any) -> CustomerUnmerged:
    return CustomerUnmerged(**envelope(api, customer_id=customer_id, version=version, **changes))


def limited(api: Api, limit_id: UUID, *customers: str) -> CustomerMergeLimited:
    limit = "customers_per_identifier"
    return CustomerMergeLimited(**envelope(api, limit_id=limit_id, limit=limit, customers=customers))


async def make_person(api: Api, *people: str) -> None:
    for number, customer_id in enumerate(people):
        about = of(api, customer_id=customer_id, payment_id=f"stripe:{customer_id}", occurred_at=after(number))
        await api.project(payment(PaymentSucceeded, **about), detection(**about))
    causes = (CausePoints(cause="clean_payment", points=2 * len(people)),)
    trust = {"score_after": 50 + 2 * len(people), "start": 50, "causes": causes, "status": TrustStatus.BLOCKED}
    await api.project(trust_updated(**of(api, customer_id=people[0], version=9, cause="merged", **trust)))
    if len(people) > 1:
        await api.project(*(merged(api, people, each) for each in people))


async def test_a_person_is_shown_under_any_of_its_customers(api: Api, machine: aiohttp.ClientSession) -> None:
    people = ("cus_person_a", "cus_person_b")
    await make_person(api, *people)

    for customer_id in people:
        shown = await get(machine, f"/api/v1/customers/{customer_id}")
        assert (shown["id"], shown["people"]) == ("cus_person_a", list(people))
        assert (shown["trust_score"], shown["status"]) == (54, "blocked")
        assert {entry["payment_id"] for entry in shown["history"] if entry["kind"] == "payment"} == {
            f"stripe:{each}" for each in people
        }
        assert len([entry for entry in shown["history"] if entry["kind"] == "detection"]) == 2
        score = await get(machine, f"/api/v1/customers/{customer_id}/score")
        assert (score["customer_id"], score["total"]) == ("cus_person_a", 54)


async def test_a_customer_is_shown_before_the_one_that_represents_the_person_is_known(
    api: Api, machine: aiohttp.ClientSession
) -> None:
    await make_person(api, "cus_known")
    await api.project(merged(api, ("cus_early", "cus_known"), "cus_known"))

    shown = await get(machine, "/api/v1/customers/cus_known")
    assert (shown["id"], shown["people"]) == ("cus_known", ["cus_early", "cus_known"])


async def test_a_person_is_listed_once_and_found_by_each_customers_id(api: Api, machine: aiohttp.ClientSession) -> None:
    people = ("cus_listed_a", "cus_listed_b")
    await make_person(api, *people)

    listed = (await get(machine, "/api/v1/customers", limit=200))["items"]
    assert [each["id"] for each in listed if each["id"] in people] == ["cus_listed_a"]
    found = (await get(machine, "/api/v1/customers", ids=",".join(people)))["items"]
    assert {(each["id"], each["trust_score"], each["status"]) for each in found} == {
        (each, 54, "blocked") for each in people
    }


async def test_merges_are_recorded_and_the_newest_counts_in_any_order(api: Api, machine: aiohttp.ClientSession) -> None:
    for number, order in enumerate(permutations(range(3))):
        name = f"cus_order_{number}"
        await make_person(api, name)
        changes: list[Any] = [
            merged(api, (name, "cus_z"), name, 2),
            unmerged(api, name, 3, actor="cli:ana", reason="two brothers"),
            merged(api, (name, "cus_y"), name, 4),
        ]
        for place in (*order, *order):
            await api.project(changes[place])
        found = await get(machine, f"/api/v1/customers/{name}/merges")
        assert found["people"] == [name, "cus_y"]
        assert [(each["version"], each["people"], each["actor"]) for each in found["merges"]][:2] == [
            (4, [name, "cus_y"], None), (3, None, "cli:ana"),
        ]  # fmt: skip


async def test_a_user_merges_and_separates_customers(api: Api) -> None:
    await make_person(api, "cus_merge_a")
    await make_person(api, "cus_merge_b", "cus_merge_c")
    analyst_shop = await api.user(api.a, Role.ANALYST, "analyst-merges@a.example")
    analyst = api.client(analyst_shop.bearer)

    body = {"other": "cus_merge_a", "reason": "the same phone"}
    status, accepted = await post(analyst, "/api/v1/customers/cus_merge_b/merge", body)
    assert (status, accepted["same_as"]) == (202, "cus_merge_a")
    status, accepted = await post(analyst, "/api/v1/customers/cus_merge_c/unmerge", {"reason": "two brothers"})
    assert (status, accepted["customer_id"], accepted["same_as"]) == (202, "cus_merge_c", None)

    [together] = await requested(api, CustomerMergeDecided, "cus_merge_b")
    [alone] = await requested(api, CustomerMergeDecided, "cus_merge_c")
    assert (together.same_as, together.reason) == ("cus_merge_a", "the same phone")
    assert alone.same_as is None
    lines = await api.pool.fetch(
        "SELECT action, before FROM control.audit_log WHERE subject LIKE 'customer cus_merge_%'"
    )
    assert {line["action"]: line["before"] for line in lines} == {
        "customer.merge": {"people": ["cus_merge_b", "cus_merge_c"]},
        "customer.unmerge": {"people": ["cus_merge_b", "cus_merge_c"]},
    }
    await api.project(unmerged(api, "cus_merge_c", 2, actor=alone.actor, reason=alone.reason))
    merges = (await get(analyst, "/api/v1/customers/cus_merge_c/merges"))["merges"]
    assert (merges[0]["people"], merges[0]["actor"], merges[0]["reason"]) == (
        None, "analyst-merges@a.example", "two brothers",
    )  # fmt: skip


async def test_an_impossible_merge_is_refused(api: Api, machine: aiohttp.ClientSession) -> None:
    await make_person(api, "cus_alone")
    merge, unmerge = "/api/v1/customers/cus_alone/merge", "/api/v1/customers/cus_alone/unmerge"
    for other in ("cus_alone", "cus_nowhere"):
        status, problem = await post(machine, merge, {"other": other, "reason": "the same"})
        assert (status, [each["field"] for each in problem["errors"]]) == (422, ["body.other"])
    status, problem = await post(machine, unmerge, {"reason": "two brothers"})
    assert (status, problem["code"]) == (409, "not_merged")
    viewer = api.client((await api.user(api.a, Role.VIEWER, "viewer-merges@a.example")).bearer)
    assert (await post(viewer, unmerge, {"reason": "two brothers"}))[0] == 403
    assert await requested(api, CustomerMergeDecided, "cus_alone") == []


async def test_customers_that_are_kept_apart_are_reviewed(api: Api, machine: aiohttp.ClientSession) -> None:
    limit_id = uuid7()
    few, many = ("cus_1", "cus_2", "cus_3", "cus_4"), ("cus_1", "cus_2", "cus_3", "cus_4", "cus_5")
    await api.project(limited(api, limit_id, *many))
    await api.project(limited(api, limit_id, *few))

    [review] = [each for each in (await get(machine, "/api/v1/merge-reviews"))["items"] if each["id"] == str(limit_id)]
    assert (review["exceeded"], review["customers"], review["state"]) == (
        "customers_per_identifier", list(many), "open",
    )  # fmt: skip

    path, body = f"/api/v1/merge-reviews/{limit_id}/dismiss", {"reason": "the shop's own phone"}
    stranger = api.client(api.b.bearer)
    assert (await post(stranger, path, body))[0] == 404
    status, dismissed = await post(machine, path, body)
    assert (status, dismissed["state"], dismissed["dismissed_reason"]) == (200, "dismissed", "the shop's own phone")
    assert (await post(machine, path, body))[0] == 409
    await api.project(limited(api, limit_id, *many, "cus_6"))
    assert str(limit_id) not in str(await get(machine, "/api/v1/merge-reviews"))
    [review] = (await get(machine, "/api/v1/merge-reviews", state="dismissed"))["items"]
    assert len(review["customers"]) == 6
