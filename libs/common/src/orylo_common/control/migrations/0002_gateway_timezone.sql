-- Which zone a gateway's stamps are in, where they name none. A new column without a default: locked for an instant.
ALTER TABLE control.gateways ADD COLUMN timezone text;
