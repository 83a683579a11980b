-- A customer of whom trust has said nothing starts where the tenant lets them start. A grant; locks nothing.
GRANT SELECT ON control.settings TO orylo_api_projector;
