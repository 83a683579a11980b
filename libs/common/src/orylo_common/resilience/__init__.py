"""Circuit breakers and retries: keep one failing dependency from stopping other work."""
