-- Drops the bus with every message still in it: stop all services and let the queues run empty first.

DROP TABLE bus.subscriptions;
DROP TABLE bus.deliveries;
DROP TABLE bus.messages;
