"""Item sessions."""
