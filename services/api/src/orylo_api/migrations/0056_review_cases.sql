-- Payments that a person must decide, and who works on them. New objects only; then reads the decisions once to fill
-- them. Locks nothing in use.
CREATE TABLE api.review_cases (
    tenant_id uuid NOT NULL,
    payment_id text NOT NULL,
    -- Of the newest decision that was a review or replaced one. None yet: version -1, from a verdict alone.
    version integer NOT NULL,
    detection_id uuid NOT NULL,
    decision text,
    risk_score smallint NOT NULL,
    amount_minor bigint NOT NULL,
    -- In the currency's main unit, to sort by.
    amount float8 NOT NULL,
    currency text NOT NULL,
    gateway text NOT NULL,
    customer_id text,
    -- Of the newest verdict; `verdict` is not set if it was withdrawn.
    verdict_key text COLLATE "C" NOT NULL,
    verdict text,
    verdict_at timestamptz,
    created_at timestamptz NOT NULL,
    -- From here on, written by requests.
    claimed_by uuid,
    claimed_by_name text,
    claimed_at timestamptz,
    claimed_until timestamptz,
    assigned_to uuid,
    assigned_to_name text,
    later_until timestamptz,
    -- Set together with the verdict's message, so that a case is closed before the message arrives.
    settled_at timestamptz,
    settled_by text,
    open boolean NOT NULL GENERATED ALWAYS AS (
        decision IS NOT NULL AND decision = 'review' AND verdict IS NULL AND settled_at IS NULL
    ) STORED,
    PRIMARY KEY (tenant_id, payment_id)
) WITH (fillfactor = 80);
COMMENT ON COLUMN api.review_cases.created_at IS 'the first review of the payment';
CREATE INDEX review_cases_money ON api.review_cases (tenant_id, amount DESC, payment_id DESC) WHERE open;
CREATE INDEX review_cases_risk ON api.review_cases (tenant_id, risk_score DESC, payment_id DESC) WHERE open;
CREATE INDEX review_cases_oldest ON api.review_cases (tenant_id, created_at, payment_id) WHERE open;
CREATE INDEX review_cases_assigned ON api.review_cases (tenant_id, assigned_to) WHERE open AND assigned_to IS NOT NULL;
CREATE INDEX review_cases_claimed ON api.review_cases (tenant_id, claimed_by) WHERE open AND claimed_by IS NOT NULL;
CREATE INDEX review_cases_later ON api.review_cases (tenant_id, later_until) WHERE open AND later_until IS NOT NULL;
CREATE INDEX review_cases_age ON api.review_cases USING brin (created_at);

CREATE TABLE api.review_decisions (
    tenant_id uuid NOT NULL,
    -- Of the verdict.
    id uuid NOT NULL,
    payment_id text NOT NULL,
    verdict text NOT NULL,
    decided_by uuid NOT NULL,
    decided_by_name text NOT NULL,
    decided_at timestamptz NOT NULL,
    -- When the case was opened; not set if it was decided without a claim.
    claimed_at timestamptz,
    -- The customer that was blocked with the verdict, if any, and its status before.
    customer_id text,
    status_before text,
    status_before_expires_at timestamptz,
    undone_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX review_decisions_newest ON api.review_decisions (tenant_id, decided_at);
CREATE INDEX review_decisions_payment ON api.review_decisions (tenant_id, payment_id, decided_at);
CREATE INDEX review_decisions_age ON api.review_decisions USING brin (decided_at);

SELECT api.bind_to_tenant('review_cases', 'review_decisions');
GRANT SELECT, INSERT, UPDATE, DELETE ON api.review_cases TO orylo_api_projector;
GRANT SELECT, DELETE ON api.review_decisions TO orylo_api_projector;
GRANT SELECT, UPDATE (
    claimed_by, claimed_by_name, claimed_at, claimed_until, assigned_to, assigned_to_name, later_until,
    settled_at, settled_by
) ON api.review_cases TO orylo_api;
GRANT SELECT, INSERT, UPDATE (undone_at) ON api.review_decisions TO orylo_api;

-- Shows only the tenant to which a transaction is bound, and neither passwords nor second factors.
CREATE VIEW api.reviewers WITH (security_barrier) AS
    SELECT id, email FROM control.users
    WHERE tenant_id = nullif(current_setting('orylo.tenant_id', true), '')::uuid
      AND disabled_at IS NULL AND role IN ('owner', 'admin', 'analyst');
GRANT SELECT ON api.reviewers TO orylo_api;

INSERT INTO api.review_cases (
    tenant_id, payment_id, version, detection_id, decision, risk_score, amount_minor, amount, currency, gateway,
    customer_id, verdict_key, verdict, verdict_at, created_at
)
SELECT d.tenant_id, d.payment_id, d.version, d.id, d.decision, d.risk_score, d.amount_minor,
       d.amount_minor::float8 / CASE
           WHEN d.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'UGX',
                               'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1
           WHEN d.currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000 ELSE 100 END,
       d.currency, d.gateway, d.customer_id, coalesce(e.verdict_key, ''), nullif(e.verdict, 'withdrawn'), e.verdict_at,
       d.created_at
FROM api.detections_view AS d LEFT JOIN api.fraud_evidence AS e USING (tenant_id, payment_id)
WHERE d.decision = 'review' AND NOT EXISTS (
    SELECT FROM api.detections_view AS newer
    WHERE newer.tenant_id = d.tenant_id AND newer.payment_id = d.payment_id
      AND (newer.version, newer.id) > (d.version, d.id)
);
