"""Database work of the commands for dead letters, quarantine and rejections, across tenants."""
