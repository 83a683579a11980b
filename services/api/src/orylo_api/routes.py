"""Every path of the API: the one table that serves, guards and documents them."""

from collections.abc import Sequence

from orylo_api.access import endpoints as auth
from orylo_api.access import second_factor_endpoints as second_factor
from orylo_api.access import session_endpoints as sessions
from orylo_api.attention import endpoints as attention
from orylo_api.audit_log import endpoints as audit_log
from orylo_api.backtests import endpoints as backtests
from orylo_api.conversions import endpoints as conversions
from orylo_api.conversions import export as conversion_export
from orylo_api.customers import endpoints as customers
from orylo_api.customers import export as customer_export
from orylo_api.customers import ledger, links, lookup, timeline
from orylo_api.customers import merge_endpoints as merges
from orylo_api.dead_letters import endpoints as dead_letters
from orylo_api.destinations import endpoints as destinations
from orylo_api.detections import endpoints as detections
from orylo_api.erasures import endpoints as erasures
from orylo_api.exports import endpoints as exports
from orylo_api.flags import endpoints as flags
from orylo_api.fuse import endpoints as fuse
from orylo_api.gateways import endpoints as gateways
from orylo_api.health import endpoints as health
from orylo_api.http import document
from orylo_api.http.route import Route
from orylo_api.jobs import endpoints as jobs
from orylo_api.lists import endpoints as lists
from orylo_api.lists import transfers as list_transfers
from orylo_api.notes import endpoints as notes
from orylo_api.onboarding import endpoints as onboarding
from orylo_api.overview import endpoints as overview
from orylo_api.payment_health import endpoints as payment_health
from orylo_api.payments import bulk as payment_bulk
from orylo_api.payments import endpoints as payments
from orylo_api.payments import export as payment_export
from orylo_api.payments import list_endpoints as payment_lists
from orylo_api.platform import analytics, slow_queries, visits
from orylo_api.platform import health as platform_health
from orylo_api.platform import tenants as platform_tenants
from orylo_api.platform import users as platform_users
from orylo_api.preferences import endpoints as preferences
from orylo_api.problems import endpoints as problems
from orylo_api.quality import endpoints as quality
from orylo_api.quarantine import endpoints as quarantine
from orylo_api.rebuilds import endpoints as rebuilds
from orylo_api.reconciliations import endpoints as reconciliations
from orylo_api.rejections import endpoints as rejections
from orylo_api.review import endpoints as review
from orylo_api.rules import endpoints as rules
from orylo_api.rules import snooze_endpoints as snoozes
from orylo_api.search import endpoints as search
from orylo_api.story import endpoints as story
from orylo_api.stream import endpoints as stream
from orylo_api.switches import endpoints as switches
from orylo_api.tenant_settings import endpoints as tenant_settings
from orylo_api.timeseries import endpoints as timeseries
from orylo_api.tracking import endpoints as tracking
from orylo_api.verdicts import endpoints as verdicts
from orylo_api.views import endpoints as views
from orylo_api.web_vitals import endpoints as web_vitals
from orylo_api.webhooks import endpoints as webhooks

ROUTES: Sequence[Route] = (
    *auth.ROUTES,
    *second_factor.ROUTES,
    *sessions.ROUTES,
    *platform_tenants.ROUTES,
    *platform_users.ROUTES,
    *platform_health.ROUTES,
    *analytics.ROUTES,
    *slow_queries.ROUTES,
    *visits.ROUTES,
    *overview.ROUTES,
    *attention.ROUTES,
    *timeseries.ROUTES,
    *detections.ROUTES,
    *customers.ROUTES,
    *customer_export.ROUTES,
    *lookup.ROUTES,
    *ledger.ROUTES,
    *timeline.ROUTES,
    *links.ROUTES,
    *merges.ROUTES,
    *erasures.ROUTES,
    *payments.ROUTES,
    *payment_lists.ROUTES,
    *payment_export.ROUTES,
    *payment_bulk.ROUTES,
    *story.ROUTES,
    *search.ROUTES,
    *quality.ROUTES,
    *verdicts.ROUTES,
    *review.ROUTES,
    *notes.ROUTES,
    *views.ROUTES,
    *lists.ROUTES,
    *list_transfers.ROUTES,
    *conversions.ROUTES,
    *conversion_export.ROUTES,
    *destinations.ROUTES,
    *problems.ROUTES,
    *dead_letters.ROUTES,
    *onboarding.ROUTES,
    *gateways.ROUTES,
    *tracking.ROUTES,
    *webhooks.ROUTES,
    *rejections.ROUTES,
    *quarantine.ROUTES,
    *reconciliations.ROUTES,
    *rules.ROUTES,
    *snoozes.ROUTES,
    *fuse.ROUTES,
    *tenant_settings.ROUTES,
    *preferences.ROUTES,
    *web_vitals.ROUTES,
    *flags.ROUTES,
    *switches.ROUTES,
    *payment_health.ROUTES,
    *health.ROUTES,
    *jobs.ROUTES,
    *exports.ROUTES,
    *rebuilds.ROUTES,
    *audit_log.ROUTES,
    *backtests.ROUTES,
    *stream.ROUTES,
    *document.ROUTES,
)
