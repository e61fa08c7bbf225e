"""The portal's reads."""
