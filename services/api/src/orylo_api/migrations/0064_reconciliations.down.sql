-- Drops the reports of reconciliations.
DROP TABLE api.reconciliations_view;
