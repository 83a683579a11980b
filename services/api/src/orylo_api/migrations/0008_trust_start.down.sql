-- Every new customer starts at 50 again.
REVOKE SELECT ON control.settings FROM orylo_api_projector;
