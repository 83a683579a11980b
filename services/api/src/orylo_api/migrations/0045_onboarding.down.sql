-- Forgets what users have skipped of the first steps.
DROP TABLE api.onboarding_choices;
