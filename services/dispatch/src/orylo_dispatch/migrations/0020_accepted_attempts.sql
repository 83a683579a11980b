-- An attempt that was accepted, with nothing more to say, is stored in its delivery's row. Earlier ones stay in
-- dispatch.attempts. Nullable columns: the tables are locked for a moment only.
ALTER TABLE dispatch.deliveries
    ADD COLUMN accepted_at timestamptz,
    ADD COLUMN accepted_ms integer,
    ADD COLUMN accepted_trace_id text;
ALTER TABLE dispatch.provider_actions
    ADD COLUMN accepted_at timestamptz,
    ADD COLUMN accepted_ms integer,
    ADD COLUMN accepted_trace_id text;
COMMENT ON COLUMN dispatch.deliveries.accepted_at IS 'when the attempt started that the destination accepted';
COMMENT ON COLUMN dispatch.deliveries.accepted_ms IS 'how long it took';
COMMENT ON COLUMN dispatch.deliveries.accepted_trace_id IS 'the destination''s own id of it';
