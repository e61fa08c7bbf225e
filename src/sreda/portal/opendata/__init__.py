"""Open data: one declaration of a dataset gives its files, its dictionary and its metadata."""
