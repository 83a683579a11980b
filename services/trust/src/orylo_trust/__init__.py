"""The trust ledger of every customer."""
