-- Queues are first in, first out again. Dropping the column locks bus.deliveries for a moment.

DROP INDEX bus.deliveries_turns;
ALTER TABLE bus.deliveries DROP COLUMN tenant_id;
