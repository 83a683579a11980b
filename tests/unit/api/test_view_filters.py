import pytest

from orylo_api.errors import Invalid
from orylo_api.views.filters import DELIVERED, PAGES, check_filters
from orylo_api.views.models import DashboardPage


def refused(page: DashboardPage, query: dict[str, str]) -> list[str]:
    with pytest.raises(Invalid) as error:
        check_filters(page, query)
    return [problem.field for problem in error.value.errors]


def test_every_page_takes_its_own_filters_and_a_moving_range() -> None:
    assert set(PAGES) == set(DashboardPage)
    check_filters(DashboardPage.REVIEW, {"sort": "age", "gateway": "hotmart", "range": "7d", "mine": "true"})
    check_filters(DashboardPage.REJECTIONS, {"from": "2026-11-01T00:00:00Z", "code": "signature_mismatch"})


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"email": "hash"}, ["body.query.email"]),
        ({"cursor": "abc"}, ["body.query.cursor"]),
        ({"limit": "10"}, ["body.query.limit"]),
        ({"sort": "colour"}, ["body.query.sort"]),
        ({"range": "9 weeks"}, ["body.query.range"]),
        ({"gateway": "Ana Souza"}, ["body.query.gateway"]),
        ({"gateway": "4242424242424242"}, ["body.query.gateway"]),
        ({"q": "ana", "mine": "perhaps"}, ["body.query.mine", "body.query.q"]),
    ],
)
def test_unknown_filters_and_values_are_refused(query: dict[str, str], fields: list[str]) -> None:
    assert refused(DashboardPage.REVIEW, query) == fields


def test_the_views_that_come_with_orylo_have_ids_of_their_own() -> None:
    assert len({view.id for view in DELIVERED}) == len(DELIVERED) == 4
