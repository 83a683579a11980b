-- Deletes the key. Hashes made with it stay, and no later hash equals one of them.
DROP TABLE control.document_key;
