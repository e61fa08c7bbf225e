"""The cabinets: home page, seats, profile, security, audit."""
