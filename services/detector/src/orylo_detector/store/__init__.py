"""The detector's tables in PostgreSQL: decisions, and the history learnt from payments and incidents."""
