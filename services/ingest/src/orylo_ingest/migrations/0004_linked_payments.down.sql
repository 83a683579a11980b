-- Each event is reported under the id that it names itself.
DROP TABLE ingest.linked_payments;
