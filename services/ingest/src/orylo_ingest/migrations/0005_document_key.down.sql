-- Takes back the rights to the key.
REVOKE SELECT, INSERT, UPDATE (key_encrypted) ON control.document_key FROM orylo_ingest;
