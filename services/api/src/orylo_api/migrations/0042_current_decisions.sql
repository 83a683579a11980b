-- Filters read the current decision of thousands of payments for a page: from an index alone, as rows of decisions are
-- wide. It replaces the index on payments. While it is built, some 10 s for each million decisions, projections wait.
CREATE INDEX detections_current ON api.detections_view (tenant_id, payment_id, version DESC, id DESC)
    INCLUDE (decision, risk_score);
DROP INDEX api.detections_payment;
