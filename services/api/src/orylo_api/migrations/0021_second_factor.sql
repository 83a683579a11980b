-- Lets the API switch second factors on and off. Grants only; locks nothing.
GRANT UPDATE (totp_secret_encrypted, totp_pending_encrypted) ON control.users TO orylo_api_projector;
GRANT SELECT, INSERT, DELETE ON control.recovery_codes TO orylo_api_projector;
