"""Tests: reading, selection and ordering, the session of a candidate, marking a whole test."""
