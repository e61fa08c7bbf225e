"""The public face of assessment."""

__all__: list[str] = []
