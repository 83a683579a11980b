-- A second factor that a user is switching on, and codes for one who lost it. A new column without a default locks
-- control.users for an instant.
ALTER TABLE control.users ADD COLUMN totp_pending_encrypted bytea;

-- SHA-256 of each code. A code holds 80 random bits, so a slow hash would add nothing. A used code is deleted.
CREATE TABLE control.recovery_codes (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES control.users ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id, code_hash)
);
