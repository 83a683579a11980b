"""Iterate over all pages of a list."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any, ParamSpec, Protocol, TypeVar

Item = TypeVar("Item", covariant=True)
Arguments = ParamSpec("Arguments")


class Page(Protocol[Item]):
    """A page of a list, such as `CustomerPage`."""

    @property
    def items(self) -> Sequence[Item]: ...

    @property
    def next_cursor(self) -> str | None: ...


def items(
    call: Callable[Arguments, Page[Item]], *positional: Arguments.args, **named: Arguments.kwargs
) -> Iterator[Item]:
    """Yield the items of every page: `items(list_customers.sync, client=client, status=TrustStatus.BLOCKED)`."""
    arguments: dict[str, Any] = dict(named)
    while True:
        page = call(*positional, **arguments)
        yield from page.items
        if page.next_cursor is None:
            return
        arguments["cursor"] = page.next_cursor


async def items_async(
    call: Callable[Arguments, Awaitable[Page[Item]]], *positional: Arguments.args, **named: Arguments.kwargs
) -> AsyncIterator[Item]:
    """Yield the items of every page: `items_async(list_customers.asyncio, client=client)`."""
    arguments: dict[str, Any] = dict(named)
    while True:
        page = await call(*positional, **arguments)
        for item in page.items:
            yield item
        if page.next_cursor is None:
            return
        arguments["cursor"] = page.next_cursor
