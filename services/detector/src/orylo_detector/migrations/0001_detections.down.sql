-- Drops every detection.
REVOKE SELECT ON control.tenants, control.settings FROM orylo_detector;
REVOKE USAGE ON SCHEMA control FROM orylo_detector;
DROP TABLE detector.outbox, detector.detections, detector.decided;
DELETE FROM partitions.tables WHERE parent = 'detector.detections';
