"""The HTTP server, rate limits, and rejections."""
