-- Drops the review queue, with its claims and what was decided from it. The verdicts stay.
DROP VIEW api.reviewers;
DROP TABLE api.review_decisions, api.review_cases;
