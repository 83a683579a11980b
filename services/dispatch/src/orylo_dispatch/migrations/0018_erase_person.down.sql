-- Persons can no longer be erased; what was erased stays so.
DROP FUNCTION dispatch.erase_person;
REVOKE USAGE ON SCHEMA dispatch FROM orylo_api;
