-- Claims of messages, one row for all that follow from one webhook. A new table; locks nothing in use.

CREATE TABLE api.claims (
    tenant_id uuid NOT NULL,
    subject uuid NOT NULL,
    claims uuid[] NOT NULL,
    known integer NOT NULL DEFAULT 0,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, subject)
) WITH (
    -- Room on the page for later claims of the same subject.
    fillfactor = 70
);
CREATE INDEX claims_age ON api.claims USING brin (claimed_at);
COMMENT ON TABLE api.claims IS 'Messages that have been counted, by what they follow from';
COMMENT ON COLUMN api.claims.subject IS 'the messages'' correlation id, or the claim itself';
COMMENT ON COLUMN api.claims.known IS 'claims before the last change';

SELECT api.bind_to_tenant('claims');
GRANT SELECT, INSERT, UPDATE, DELETE ON api.claims TO orylo_api_projector;
