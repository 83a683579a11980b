"""What goes in and out over HTTP, one module per subject. `services/api/openapi.json` is made from these."""
