-- Drops every list with its entries.
DROP TABLE control.list_entries;
