-- Deletes all recovery codes and unfinished enrolments. Second factors in use stay.
DROP TABLE control.recovery_codes;
ALTER TABLE control.users DROP COLUMN totp_pending_encrypted;
