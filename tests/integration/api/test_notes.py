"""Notes on customers and payments."""

from typing import Any

import aiohttp
import pytest

from orylo_common.control.models import Role
from orylo_common.messages import PaymentSucceeded
from tests.integration.api.conftest import Api
from tests.integration.api.test_customer_scores import post
from tests.integration.api.test_endpoints import get
from tests.unit.api.builders import customer_merged, payment

pytestmark = pytest.mark.integration


@pytest.fixture
async def ana(api: Api) -> aiohttp.ClientSession:
    about: dict[str, Any] = {"tenant_id": api.a.tenant.id}
    for name in ("n1", "n2"):
        await api.project(
            payment(PaymentSucceeded, **about, payment_id=f"stripe:pi_{name}", customer_id=f"cus_{name}"),
            customer_merged(**about, customer_id=f"cus_{name}", people=("cus_n1", "cus_n2")),
        )
    return api.client(api.a.bearer)


async def test_notes_are_listed_newest_first_for_the_whole_person(api: Api, ana: aiohttp.ClientSession) -> None:
    texts = ["first", "second: write to ana@example.com", "third"]
    for text, customer in zip(texts, ["cus_n1", "cus_n2", "cus_n1"], strict=True):
        status, note = await post(ana, f"/api/v1/customers/{customer}/notes", {"text": f"  {text} "})
        assert (status, note["text"], note["own"]) == (201, text, True)

    page = await get(ana, "/api/v1/customers/cus_n2/notes?limit=2")
    rest = await get(ana, f"/api/v1/customers/cus_n2/notes?limit=2&cursor={page['next_cursor']}")
    assert [each["text"] for each in page["items"] + rest["items"]] == texts[::-1]
    assert [each["hints"] for each in page["items"]] == [[], ["email"]]


async def test_only_the_author_deletes_a_note_and_the_audit_log_never_holds_its_text(
    api: Api, ana: aiohttp.ClientSession
) -> None:
    _, note = await post(ana, "/api/v1/payments/stripe:pi_n1/notes", {"text": "a secret opinion"})
    path = f"/api/v1/payments/stripe:pi_n1/notes/{note['id']}"
    bia = api.client((await api.user(api.a, Role.ANALYST, "bia-notes@a.example")).bearer)
    assert (await get(bia, "/api/v1/payments/stripe:pi_n1/notes"))["items"][0]["own"] is False
    async with bia.delete(path) as response:
        assert (response.status, (await response.json())["code"]) == (403, "not_yours")
    assert (await ana.delete(path.replace("payments/stripe:pi_n1", "customers/cus_n1"))).status == 404
    assert (await ana.delete(path.replace("pi_n1", "pi_n2"))).status == 404
    assert (await ana.delete(path)).status == 204
    assert (await ana.delete(path)).status == 404
    assert (await get(ana, "/api/v1/payments/stripe:pi_n1/notes"))["items"] == []
    lines = await api.pool.fetch("SELECT action, before, after FROM control.audit_log WHERE action LIKE 'note.%'")
    assert [line["action"] for line in lines if note["id"] in str(line)] == ["note.add", "note.delete"]
    assert "secret" not in str(lines)


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001, "card 4242 4242 4242 4242", "nul \x00"])
async def test_a_note_without_text_or_with_a_card_number_is_refused(ana: aiohttp.ClientSession, text: str) -> None:
    status, problem = await post(ana, "/api/v1/customers/cus_n1/notes", {"text": text})
    assert (status, [each["field"] for each in problem["errors"]]) == (422, ["body.text"])
    assert "4242" not in str(problem)


async def test_notes_are_bounded_and_belong_to_known_subjects(
    api: Api, ana: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orylo_api.notes.queries.MAX_NOTES", 1)
    path = "/api/v1/payments/stripe:pi_n2/notes"
    assert (await post(ana, path, {"text": "one"}))[0] == 201
    assert (await post(ana, path, {"text": "two"}))[1]["code"] == "too_many_notes"
    assert (await post(ana, "/api/v1/payments/stripe:pi_unknown/notes", {"text": "one"}))[0] == 404
    assert (await post(ana, "/api/v1/customers/cus_unknown/notes", {"text": "one"}))[0] == 404
    viewer = api.client((await api.user(api.a, Role.VIEWER, "viewer-notes@a.example")).bearer)
    assert (await post(viewer, path, {"text": "one"}))[0] == 403
    assert len((await get(viewer, path))["items"]) == 1
