-- The number and the age of open dead letters, for monitoring. A partial index: few dead letters are open.
-- It locks api.dead_letters against writes while it is built, which takes milliseconds.
CREATE INDEX dead_letters_open ON api.dead_letters (source, created_at) WHERE state = 'open';
