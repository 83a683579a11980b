"""Code that several services share: messages, broker, control plane, HTTP, PostgreSQL, resilience, telemetry."""
