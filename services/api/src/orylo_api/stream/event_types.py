"""Every type of event on the stream, with the model of its data.

To add one: add a line here, then publish it, either with `effects.stream` in a projection or with `call.stream` in an
endpoint. `make docs` adds it to the union `StreamEvent` of the OpenAPI document.
"""

from collections.abc import Mapping

from orylo_api.conversions.models import Conversion
from orylo_api.customers.models import CustomerSeen, TrustChange
from orylo_api.dead_letters.models import DeadLetterSummary
from orylo_api.detections.models import Detection
from orylo_api.http.fields import ResponseBody
from orylo_api.jobs.models import Job
from orylo_api.notes.models import NoteChange
from orylo_api.overview.models import OverviewUpdate
from orylo_api.reconciliations.models import ReconciliationSummary
from orylo_api.review.models import CASE_CHANGED, ReviewCaseChange
from orylo_api.stream.pace import EventsSkipped
from orylo_api.switches.models import SwitchesChanged
from orylo_api.verdicts.models import VerdictChange
from orylo_api.webhooks.models import WebhookReceipt, WebhookRefusal

# Computed for each stream while it is open, and never stored.
OVERVIEW_UPDATED = "overview.updated"
SWITCHES_CHANGED = "switches.changed"
EVENTS_SKIPPED = "events.skipped"

EVENT_TYPES: Mapping[str, type[ResponseBody]] = {
    "detection.created": Detection,
    "customer.seen": CustomerSeen,
    "trust.updated": TrustChange,
    "verdict.given": VerdictChange,
    "conversion.matched": Conversion,
    "conversion.suppressed": Conversion,
    "conversion.dispatched": Conversion,
    "conversion.failed": Conversion,
    "conversion.correction_changed": Conversion,
    "dead_letter.created": DeadLetterSummary,
    "reconciliation.changed": ReconciliationSummary,
    CASE_CHANGED: ReviewCaseChange,
    "note.changed": NoteChange,
    "webhook.accepted": WebhookReceipt,
    "webhook.refused": WebhookRefusal,
    "job.progress": Job,
    OVERVIEW_UPDATED: OverviewUpdate,
    SWITCHES_CHANGED: SwitchesChanged,
    EVENTS_SKIPPED: EventsSkipped,
}
