"""What the projections of all subjects share. Imports no subject."""
