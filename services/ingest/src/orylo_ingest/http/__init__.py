"""The HTTP server, its limits, and the answers it gives."""
