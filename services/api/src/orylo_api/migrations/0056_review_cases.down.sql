-- Drops the review queue, with its claims and what was decided from it. The verdicts stay.
REVOKE INSERT ON api.stream_events FROM orylo_api;
REVOKE EXECUTE ON FUNCTION api.add_stream_events FROM orylo_api;
DROP VIEW api.reviewers;
DROP TABLE api.review_decisions, api.review_cases;
