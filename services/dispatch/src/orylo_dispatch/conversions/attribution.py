"""Which click each payment is credited to, and what is reported of it then."""

from collections.abc import Sequence
from typing import NamedTuple

from orylo_common.messages import Match
from orylo_common.postgres.pool import Connection
from orylo_dispatch.conversions.clicks import find_candidates
from orylo_dispatch.conversions.facts import Paid
from orylo_dispatch.domain.conversion import Conversion, conversion_of
from orylo_dispatch.domain.matching import match


class Credited(NamedTuple):
    paid: Paid
    match: Match
    conversion: Conversion


async def credit(connection: Connection, paid: Sequence[Paid]) -> list[Credited]:
    credited = []
    for each, clicks in zip(paid, await find_candidates(connection, paid), strict=True):
        matched, click = match(each.traces, clicks, each.policy)
        credited.append(Credited(each, matched, conversion_of(each.payment, click)))
    return credited
