-- Persons can no longer be erased; what was erased stays so.
DROP FUNCTION ingest.erase_person;
REVOKE USAGE ON SCHEMA ingest FROM orylo_api;
