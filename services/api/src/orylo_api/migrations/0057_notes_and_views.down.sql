-- Drops people's notes and saved views.
DROP TABLE api.saved_views, api.notes;
