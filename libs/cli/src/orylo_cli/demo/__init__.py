"""The demo: a shop, sample traffic and a fake Meta."""
