-- Renames a table and a state. Locks rejections for a moment, and quarantine while its rows are read once.
ALTER TABLE api.refusals_view RENAME TO rejections_view;
ALTER INDEX api.refusals_view_pkey RENAME TO rejections_view_pkey;
ALTER INDEX api.refusals_newest RENAME TO rejections_newest;
ALTER INDEX api.refusals_age RENAME TO rejections_age;

ALTER TABLE api.quarantine_view DROP CONSTRAINT quarantine_view_state_check;
UPDATE api.quarantine_view SET state = 'already_reported' WHERE state = 'told_before';
ALTER TABLE api.quarantine_view ADD CONSTRAINT quarantine_view_state_check
    CHECK (state IN ('open', 'published', 'already_reported', 'ignored', 'discarded'));
