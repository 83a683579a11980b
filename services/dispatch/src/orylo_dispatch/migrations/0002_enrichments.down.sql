-- Drops what later events told of payments that named no buyer.
DROP TABLE dispatch.enrichments;
