-- Ingest creates the key of documents' hashes if there is none, and encrypts it anew when the master key is rotated.
-- Grants only; locks nothing.
GRANT SELECT, INSERT, UPDATE (key_encrypted) ON control.document_key TO orylo_ingest;
