"""One sale through the whole platform."""
