-- Takes the rights away again. Locks nothing.
REVOKE SELECT, INSERT, DELETE ON control.recovery_codes FROM orylo_api_projector;
REVOKE UPDATE (totp_secret_encrypted, totp_pending_encrypted) ON control.users FROM orylo_api_projector;
