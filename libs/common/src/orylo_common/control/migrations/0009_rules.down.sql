-- Drops all rules with their versions and snoozes, and the fuses' states.
DROP TABLE control.fuses, control.rule_snoozes, control.rule_versions, control.rules;
