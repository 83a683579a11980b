"""What two or more of Orylo's services share: messages, broker, Postgres, resilience, telemetry."""
