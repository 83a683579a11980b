-- Drops the counts: each tenant's usual share is learnt again.
DROP TABLE detector.block_counts;
