-- Existing partitions stay; nothing makes new ones after this. Locks nothing.
DROP FUNCTION partitions.maintain();
DROP FUNCTION partitions.ensure(regclass);
DROP FUNCTION partitions.full_name(regclass);
DROP FUNCTION partitions.register(regclass, interval);
DROP TABLE partitions.tables;
