"""Request bodies as documents: JSON or a form."""
