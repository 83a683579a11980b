"""The event bus: its port, topology and consumer, and an adapter for each broker."""
