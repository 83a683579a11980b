"""Clicks in PostgreSQL: recorded in batches, looked up for many payments at once."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from operator import attrgetter
from uuid import UUID

from orylo_common.postgres.pool import Connection
from orylo_dispatch.conversions.facts import ClickSeen, PaymentSeen
from orylo_dispatch.domain.matching import CLOCK_TOLERANCE, Click
from orylo_dispatch.metrics import CLICKS_NOT_RECORDED

_NAMES = tuple(field.name for field in fields(Click))
COLUMNS = ", ".join(_NAMES)

# Several messages report one click (page, checkout, lead). Known values stay, missing ones are filled in, and the click
# has the time of the first message. Address and user agent belong to one visitor and stay together.
UPSERT_CLICKS = f"""
    INSERT INTO dispatch.clicks AS c (tenant_id, {COLUMNS})
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[],
                         $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::jsonb[])
        AS seen (tenant_id, click_id)
    ORDER BY tenant_id, click_id
    ON CONFLICT (tenant_id, click_id) DO UPDATE SET
        clicked_at = least(c.clicked_at, EXCLUDED.clicked_at),
        fbclid = coalesce(c.fbclid, EXCLUDED.fbclid),
        fbc = coalesce(c.fbc, EXCLUDED.fbc),
        fbp = coalesce(c.fbp, EXCLUDED.fbp),
        email = coalesce(c.email, EXCLUDED.email),
        phone = coalesce(c.phone, EXCLUDED.phone),
        ip = coalesce(c.ip, EXCLUDED.ip),
        user_agent = CASE WHEN c.ip IS NULL THEN coalesce(EXCLUDED.user_agent, c.user_agent) ELSE c.user_agent END,
        url = coalesce(c.url, EXCLUDED.url),
        referrer = coalesce(c.referrer, EXCLUDED.referrer),
        utm = coalesce(c.utm, EXCLUDED.utm)
"""  # noqa: S608


# Anyone can report visits of any tenant, and each is a row for 97 days. This is twelve a second, day and night.
MAX_REPORTS_PER_DAY = 1_000_000

COUNT_REPORTS = """
    INSERT INTO dispatch.click_days AS d (tenant_id, day, reports)
    SELECT tenant_id, $3, reports FROM unnest($1::uuid[], $2::bigint[]) AS seen (tenant_id, reports) ORDER BY tenant_id
    ON CONFLICT (tenant_id, day) DO UPDATE SET reports = d.reports + EXCLUDED.reports
    RETURNING tenant_id, reports
"""


def _last_click(condition: str) -> str:
    return f"""
        (SELECT {COLUMNS} FROM dispatch.clicks AS c
         WHERE c.tenant_id = p.tenant_id AND {condition} AND c.clicked_at BETWEEN p.since AND p.until
         ORDER BY c.clicked_at DESC LIMIT 1)"""  # noqa: S608


# For each payment and each value it may share with a click, the last click before the payment. LIMIT makes the planner
# use one index probe for each. User agents are long, so the index holds a digest of them.
SELECT_CANDIDATES = f"""
    SELECT p.n, found.*
    FROM unnest($1::integer[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
                $8::text[], $9::text[], $10::text[])
         AS p (n, tenant_id, since, until, fbclid, fbp, email, phone, ip, user_agent)
    CROSS JOIN LATERAL (
        {_last_click("c.fbclid = p.fbclid")}
        UNION ALL {_last_click("c.fbp = p.fbp")}
        UNION ALL {_last_click("c.email = p.email")}
        UNION ALL {_last_click("c.phone = p.phone")}
        UNION ALL {_last_click("c.ip = p.ip AND md5(c.user_agent) = md5(p.user_agent)")}
    ) AS found
    UNION ALL
    SELECT p.n, found.*
    FROM unnest($11::integer[], $12::uuid[], $13::text[]) AS p (n, tenant_id, click_id)
    CROSS JOIN LATERAL (
        SELECT {COLUMNS} FROM dispatch.clicks AS c
        WHERE c.tenant_id = p.tenant_id AND c.click_id = p.click_id LIMIT 1
    ) AS found
"""  # noqa: S608

CLICK_VALUES = attrgetter(*_NAMES)


async def record_clicks(connection: Connection, seen: Sequence[ClickSeen], day: date) -> None:
    """Record clicks that were reported on `day`, but none of a tenant that has too many on that day."""
    if not seen:
        return
    counts = Counter(each.tenant_id for each in seen)
    of_day = await connection.fetch(COUNT_REPORTS, list(counts), list(counts.values()), day)
    full = {tenant_id for tenant_id, reports in of_day if reports > MAX_REPORTS_PER_DAY}
    CLICKS_NOT_RECORDED.inc(sum(counts[tenant_id] for tenant_id in full))
    for part in _without_repeats([each for each in seen if each.tenant_id not in full]):
        rows = [(each.tenant_id, *CLICK_VALUES(each.click)) for each in part]
        await connection.execute(UPSERT_CLICKS, *zip(*rows, strict=True))


def _without_repeats(seen: Sequence[ClickSeen]) -> Sequence[Sequence[ClickSeen]]:
    """Split into parts without repeated clicks: one statement cannot write a row twice."""
    parts: list[dict[tuple[UUID, str], ClickSeen]] = []
    for each in seen:
        key = (each.tenant_id, each.click.click_id)
        part = next((part for part in parts if key not in part), None)
        if part is None:
            parts.append(part := {})
        part[key] = each
    return [list(part.values()) for part in parts]


async def find_candidates(connection: Connection, payments: Sequence[PaymentSeen]) -> Sequence[Sequence[Click]]:
    """Return, for each payment, the clicks that it may be attributed to."""
    rows, carried = [], []
    for n, seen in enumerate(payments):
        tenant_id, signals = seen.payment.tenant_id, seen.signals
        since, until = signals.paid_at - seen.policy.longest_look_back, signals.paid_at + CLOCK_TOLERANCE
        shared = (signals.fbclid, signals.fbp, signals.email, signals.phone, signals.ip, signals.user_agent)
        rows.append((n, tenant_id, since, until, *shared))
        carried += [(n, tenant_id, click_id) for click_id in signals.click_ids]
    found: defaultdict[int, list[Click]] = defaultdict(list)
    columns = [*zip(*rows, strict=True), *(zip(*carried, strict=True) if carried else ((), (), ()))]
    for n, *click in await connection.fetch(SELECT_CANDIDATES, *columns):
        found[n].append(Click(*click))
    return [found[n] for n in range(len(payments))]
