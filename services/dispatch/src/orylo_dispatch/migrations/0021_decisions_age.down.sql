CREATE INDEX decisions_created_at ON dispatch.decisions (created_at);
DROP INDEX dispatch.decisions_age;
