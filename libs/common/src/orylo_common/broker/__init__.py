"""The event bus: its port, its topology, its consumer, and an adapter for each broker."""
