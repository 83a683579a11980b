"""REST, server-sent events, sessions, read models; serves the dashboard."""
