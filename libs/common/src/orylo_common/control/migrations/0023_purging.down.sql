-- Ends the deletion of tenants: rows that are not deleted yet stay.
DROP FUNCTION control.delete_purged_tenant, control.purge_part;
DROP TABLE control.purged_parts;
