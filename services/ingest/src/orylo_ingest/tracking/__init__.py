"""The tracking script and the visits it reports."""
