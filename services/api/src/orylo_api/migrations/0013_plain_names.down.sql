-- Restores the former names. Locks rejections for a moment, and quarantine while its rows are read once.
ALTER TABLE api.rejections_view RENAME TO refusals_view;
ALTER INDEX api.rejections_view_pkey RENAME TO refusals_view_pkey;
ALTER INDEX api.rejections_newest RENAME TO refusals_newest;
ALTER INDEX api.rejections_age RENAME TO refusals_age;

ALTER TABLE api.quarantine_view DROP CONSTRAINT quarantine_view_state_check;
UPDATE api.quarantine_view SET state = 'told_before' WHERE state = 'already_reported';
ALTER TABLE api.quarantine_view ADD CONSTRAINT quarantine_view_state_check
    CHECK (state IN ('open', 'published', 'told_before', 'ignored', 'discarded'));
