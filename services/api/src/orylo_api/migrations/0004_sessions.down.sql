-- Signs everybody out.
REVOKE UPDATE (password_hash) ON control.users FROM orylo_api_projector;
REVOKE UPDATE (last_used_at) ON control.api_keys FROM orylo_api_projector;
REVOKE SELECT ON control.tenants, control.users, control.api_keys FROM orylo_api_projector;
REVOKE USAGE ON SCHEMA control FROM orylo_api_projector;
DROP TABLE api.login_failures, api.totp_uses, api.session_tokens, api.sessions;
