"""Packages: ZIP or folder with a manifest, items, tests and media."""
