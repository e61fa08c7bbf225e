"""The region's figures, reckoned once for each version of the data."""

from __future__ import annotations

from datetime import date

from django.core.cache import caches

from sreda.registry.api import DataVersion, RegionFigures, data_version, region_figures

KEPT = 60 * 60


def current_figures(on: date) -> tuple[RegionFigures, DataVersion]:
    """One small query when nothing has changed since this process last reckoned them, else two."""
    cache = caches["local"]
    version = data_version()
    key = f"portal.figures.{on}.{version.key}"
    figures = cache.get(key)
    if figures is None:
        figures = region_figures(on)
        cache.set(key, figures, KEPT)
    return figures, version
