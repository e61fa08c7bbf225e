"""Variables and interactions."""
