-- Drops the ends of tokens. Dispatch reads them again from the destinations.
DROP TABLE dispatch.destination_tokens;
