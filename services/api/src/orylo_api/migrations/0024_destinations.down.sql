-- Drops the states of destinations.
DROP VIEW api.destinations;
DROP TABLE api.destination_states_view;
