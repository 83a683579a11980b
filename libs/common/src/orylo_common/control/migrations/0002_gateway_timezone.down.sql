-- Every gateway's stamps are read in its own usual zone again.
ALTER TABLE control.gateways DROP COLUMN timezone;
