-- Drops the control plane with everything configured in it.
DROP TABLE control.api_keys, control.users, control.settings, control.destinations,
    control.gateway_secrets, control.gateways, control.tenants;
DROP FUNCTION control.announce_change();
