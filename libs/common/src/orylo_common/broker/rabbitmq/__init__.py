"""The event bus in RabbitMQ."""
