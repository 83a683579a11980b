-- Drops the rules from all decisions.
REVOKE ALL ON control.rules, control.rule_snoozes, control.fuses FROM orylo_detector;
DROP POLICY detector ON control.rules;
DROP POLICY detector ON control.rule_snoozes;
DROP POLICY detector ON control.fuses;
ALTER TABLE detector.detections DROP COLUMN rules;
