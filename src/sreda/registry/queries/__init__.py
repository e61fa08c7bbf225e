"""The registry's reads."""
