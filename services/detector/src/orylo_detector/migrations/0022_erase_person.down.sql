-- Persons can no longer be erased; what was erased stays so.
DROP FUNCTION detector.erase_person;
REVOKE USAGE ON SCHEMA detector FROM orylo_api;
