-- Drops all verdicts, and with them the figures of decision quality.
DROP TABLE api.fraud_evidence;
