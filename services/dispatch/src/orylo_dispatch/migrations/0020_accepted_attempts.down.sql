-- Accepted attempts become rows of dispatch.attempts again, as far back as it has partitions.
INSERT INTO dispatch.attempts (tenant_id, delivery_id, attempt_number, at, outcome, duration_ms, trace_id)
SELECT tenant_id, delivery_id, attempts, accepted_at, 'dispatched', accepted_ms, accepted_trace_id
FROM (
    SELECT tenant_id, delivery_id, attempts, accepted_at, accepted_ms, accepted_trace_id FROM dispatch.deliveries
    UNION ALL
    SELECT tenant_id, delivery_id, attempts, accepted_at, accepted_ms, accepted_trace_id FROM dispatch.provider_actions
) AS accepted
WHERE accepted_at >= date_trunc('month', now()) - interval '23 months'
ON CONFLICT DO NOTHING;
ALTER TABLE dispatch.provider_actions DROP COLUMN accepted_at, DROP COLUMN accepted_ms, DROP COLUMN accepted_trace_id;
ALTER TABLE dispatch.deliveries DROP COLUMN accepted_at, DROP COLUMN accepted_ms, DROP COLUMN accepted_trace_id;
