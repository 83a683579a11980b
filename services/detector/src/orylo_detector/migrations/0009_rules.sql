-- The rules that are true of a payment, with its decision, and the right to read the rules and to trip the fuse. A
-- column with a constant default: the table is locked for a moment and not rewritten.
ALTER TABLE detector.detections ADD COLUMN rules jsonb NOT NULL DEFAULT '[]';

CREATE POLICY detector ON control.rules TO orylo_detector USING (true);
CREATE POLICY detector ON control.rule_snoozes TO orylo_detector USING (true);
CREATE POLICY detector ON control.fuses TO orylo_detector USING (true);
GRANT SELECT ON control.rules, control.rule_snoozes TO orylo_detector;
-- The one thing that a service other than the API changes in schema control.
GRANT SELECT, INSERT, UPDATE ON control.fuses TO orylo_detector;
