-- Drops what was learnt.
DROP TABLE detector.incidents, detector.amounts, detector.customers, detector.paid;
