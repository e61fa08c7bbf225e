"""The designer of forms: pages of a methodologist."""
