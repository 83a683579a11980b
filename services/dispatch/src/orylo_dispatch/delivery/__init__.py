"""The delivery engine: queue, workers, retries. It knows payloads and a schedule, no vendor and no payment."""
