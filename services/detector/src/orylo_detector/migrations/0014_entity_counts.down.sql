-- Drops the counts by entity, which are not learned again.
DROP TABLE detector.entity_counts, detector.entity_payments;
