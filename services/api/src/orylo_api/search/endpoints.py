"""The search of the dashboard's command menu."""

from orylo_api.access import audit
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.customers.identifiers import person_in
from orylo_api.http.route import Route
from orylo_api.search.models import SearchRequest, SearchResult
from orylo_api.search.queries import find_named, named_by


async def search(call: Call[None, None, SearchRequest]) -> SearchResult:
    """The audit log gets a line if the text may name a person, with hashes only."""
    text = named_by(call.body.text)
    person = await person_in(call, text)
    if person:
        await audit.write_change(call, action="search", subject="search", after=person.as_tokens())
    return SearchResult(hits=await find_named(call.connection, call.principal.tenant.id, text, person))


ROUTES = (
    Route(
        "POST",
        "/api/v1/search",
        search,
        Permission.READ,
        "Find payments, customers, decisions and conversions by a pasted text",
        body=SearchRequest,
        response=SearchResult,
        description="What may be an email address, a phone number or a document is normalised and hashed as in "
        "webhooks. The audit log keeps the hashes.",
    ),
)
