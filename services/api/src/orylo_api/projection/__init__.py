"""Messages become rows: every subject's projection, run over batches from the queue."""
