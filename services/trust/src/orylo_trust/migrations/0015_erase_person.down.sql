-- Persons can no longer be erased; what was erased stays so.
DROP FUNCTION trust.erase_person;
REVOKE USAGE ON SCHEMA trust FROM orylo_api;
