-- Only projections add events to the stream.
REVOKE EXECUTE ON FUNCTION api.add_stream_events FROM orylo_api;
REVOKE INSERT ON api.stream_events FROM orylo_api;
