"""Request bodies as documents: JSON, possibly broken, or a form."""
