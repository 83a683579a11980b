-- Persons can no longer be erased; what was erased stays so.
DROP FUNCTION api.erase_person;
REVOKE UPDATE (request) ON api.jobs FROM orylo_api;
