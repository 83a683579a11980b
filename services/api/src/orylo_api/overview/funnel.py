"""From clicks to conversions."""

from datetime import datetime

from orylo_api.overview.models import Funnel, FunnelQuery, FunnelStage, FunnelStep
from orylo_api.overview.queries import before
from orylo_api.read_models.rollups import CONVERSIONS, PAYMENTS
from orylo_api.timeseries.metrics import ratio, total
from orylo_api.timeseries.queries import ACTIVITY, SumsRequest, read_sums
from orylo_api.timeseries.reading import period_of
from orylo_common.postgres.pool import Connection


async def read_funnel(connection: Connection, query: FunnelQuery, now: datetime) -> Funnel:
    period = period_of(query, now)
    compared = before(period, query.compare, query.zone)
    spans = [period] if compared is None else [period, compared]
    activity, payments, conversions = await read_sums(
        connection,
        SumsRequest(ACTIVITY, spans, measures=("clicks", "checkouts")),
        SumsRequest(PAYMENTS, spans, measures=("succeeded",)),
        SumsRequest(CONVERSIONS, spans, measures=("dispatched",)),
    )
    stages = (
        (FunnelStage.CLICK, [total(sums, "clicks") for sums in activity]),
        (FunnelStage.CHECKOUT, [total(sums, "checkouts") for sums in activity]),
        (FunnelStage.PAYMENT, [total(sums, "succeeded") for sums in payments]),
        (FunnelStage.CONVERSION, [total(sums, "dispatched") for sums in conversions]),
    )
    steps: list[FunnelStep] = []
    for stage, (count, *others) in stages:
        share = ratio(count, steps[-1].count) if steps else None
        steps.append(FunnelStep(stage=stage, count=count, share=share, compared=others[0] if others else None))
    return Funnel(timezone=query.timezone, starts_at=period.start, ends_at=period.end, steps=steps)
