"""The public face of reporting."""

__all__: list[str] = []
