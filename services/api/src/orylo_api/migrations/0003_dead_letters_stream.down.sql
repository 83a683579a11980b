-- Drops the dead letters that people have not settled yet, too.
DROP FUNCTION api.add_stream_events;
DROP TABLE api.stream_events, api.dead_letters;
