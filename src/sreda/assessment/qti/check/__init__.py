"""Checking items and tests beyond what reading finds."""
