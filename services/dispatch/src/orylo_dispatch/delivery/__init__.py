"""The delivery engine: queue, workers and retries. It knows payloads and a schedule, but no vendor and no payment."""
