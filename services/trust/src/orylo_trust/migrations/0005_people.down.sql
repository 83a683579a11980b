-- Every customer is a person alone again. The next change of an account announces its own score.
UPDATE trust.accounts SET score = greatest(0, least(100, total)) WHERE people IS NOT NULL;
DROP TABLE trust.merges;
ALTER TABLE trust.payers DROP COLUMN enriched;
ALTER TABLE trust.accounts DROP COLUMN merge_version, DROP COLUMN people, DROP COLUMN aliases;
DROP TABLE trust.merge_decisions, trust.aliases;
