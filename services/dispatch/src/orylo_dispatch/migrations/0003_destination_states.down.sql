-- Drops the states of destinations. Those on hold are tried once more, and put on hold again.
DROP TABLE dispatch.destination_states;
