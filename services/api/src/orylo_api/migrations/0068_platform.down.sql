-- Takes tenants and users away from operators, and ends all impersonations.
REVOKE INSERT, UPDATE (status, body) ON api.idempotency_keys FROM orylo_api_projector;
REVOKE INSERT (id, tenant_id, email, password_hash, role), UPDATE (role, disabled_at), DELETE
    ON control.users FROM orylo_api_projector;
REVOKE INSERT (id, slug, name),
    UPDATE (name, suspended_at, suspension_reason, delete_at, deletion_reason)
    ON control.tenants FROM orylo_api_projector;
DROP TABLE api.impersonations;
