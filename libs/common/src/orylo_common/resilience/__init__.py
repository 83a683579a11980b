"""What keeps a failing dependency from taking others with it."""
