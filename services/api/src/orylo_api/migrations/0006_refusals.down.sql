-- Forgets which webhooks were turned away.
DROP TABLE api.refusals_view;
