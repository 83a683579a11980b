-- A request may add events to its own tenant's stream. Grants only; locks nothing.
GRANT INSERT ON api.stream_events TO orylo_api;
GRANT EXECUTE ON FUNCTION api.add_stream_events TO orylo_api;
