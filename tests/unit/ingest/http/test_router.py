"""The path of a request's target, as clients and proxies write it."""

import pytest

from orylo_ingest.http.router import path_of


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1/webhooks/stripe/shop",
        "/api/v1/webhooks/stripe/shop/",
        "/api/v1/webhooks/stripe/shop//?a=/b//c",
        "//api/v1/webhooks/stripe/shop",
        "/api/v1//webhooks/stripe/shop",
        "/api/v1/webhooks/%73tripe/shop",
        "https://hooks.example.com/api/v1/webhooks/stripe/shop?a=b",
        "https://hooks.example.com//api/v1/webhooks/stripe/shop/",
    ],
)
def test_needless_slashes_and_encodings_are_removed(target: str) -> None:
    assert path_of(target) == "/api/v1/webhooks/stripe/shop"


def test_an_encoded_slash_separates_nothing() -> None:
    assert path_of("/api/v1/webhooks/stripe/shop%2Fother") == "/api/v1/webhooks/stripe/shop%2Fother"
    assert path_of("/") == path_of("//") == path_of("https://hooks.example.com") == ""
