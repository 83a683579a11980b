-- Work that outlasts a request, and the files that it reads and makes. New tables only; locks nothing.
CREATE TABLE api.jobs (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'canceled')),
    -- In the words of its kind: the work, where to continue, and the figures that lists show of the result.
    request jsonb NOT NULL,
    position jsonb,
    summary jsonb,
    done bigint NOT NULL DEFAULT 0,
    total bigint,
    counts jsonb NOT NULL DEFAULT '{}',
    -- The path of the result, and why it failed.
    result text,
    error text,
    -- The author of its changes in the audit log.
    actor_kind text NOT NULL,
    actor_id uuid,
    actor text NOT NULL,
    address text NOT NULL,
    user_agent text NOT NULL,
    role text NOT NULL,
    -- The run that works on it. Without a heartbeat until then, another replica takes the job over.
    run_id uuid,
    lease_until timestamptz,
    -- Runs that ended without a saved step.
    attempts integer NOT NULL DEFAULT 0,
    cancel_requested_at timestamptz,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 70);
CREATE INDEX jobs_newest ON api.jobs (tenant_id, created_at DESC, id DESC);
CREATE INDEX jobs_unfinished ON api.jobs (created_at) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_finished ON api.jobs (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE api.job_files (
    tenant_id uuid NOT NULL,
    job_id uuid NOT NULL,
    -- input: deleted when the job ends; result: kept as long as the job.
    name text NOT NULL CHECK (name IN ('input', 'result')),
    -- Compressed by zlib.
    body bytea NOT NULL,
    PRIMARY KEY (tenant_id, job_id, name),
    FOREIGN KEY (tenant_id, job_id) REFERENCES api.jobs (tenant_id, id) ON DELETE CASCADE
);
-- Compressed already.
ALTER TABLE api.job_files ALTER COLUMN body SET STORAGE EXTERNAL;

SELECT api.bind_to_tenant('jobs', 'job_files');
GRANT SELECT, INSERT, UPDATE (position, summary, done, total, counts, result, attempts, cancel_requested_at) ON api.jobs TO orylo_api;
GRANT SELECT, INSERT, UPDATE (body) ON api.job_files TO orylo_api;
GRANT SELECT, UPDATE, DELETE ON api.jobs TO orylo_api_projector;
GRANT SELECT, DELETE ON api.job_files TO orylo_api_projector;
