-- Drops the actions and their dead letters.
DELETE FROM api.dead_letters WHERE kind = 'action';
ALTER TABLE api.dead_letters DROP CONSTRAINT dead_letters_kind_check;
ALTER TABLE api.dead_letters ADD CONSTRAINT dead_letters_kind_check CHECK (kind IN ('message', 'conversion'));
DROP TABLE api.actions_view;
