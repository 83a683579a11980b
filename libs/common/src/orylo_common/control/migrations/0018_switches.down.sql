-- Drops the switches and flags: everything runs as it does by default.
DROP TABLE control.switches, control.flags;
