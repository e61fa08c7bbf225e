from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ReportingApp(AppConfig):
    name = "sreda.reporting"
    label = "reporting"
    verbose_name = _("Reports and monitoring")

    def ready(self) -> None:
        post_migrate.connect(_look_at_cells, sender=self)


def _look_at_cells(sender: ReportingApp, plan: Any = (), **_more: Any) -> None:
    """Cells of forms that were put in force before it was said of each whether it tells of people.
    After a migration that goes back, or stops on the way, the tables are not those of the code."""
    from sreda.reporting.domain.people import look_at_cells

    if any(backwards for _migration, backwards in plan or ()):
        return
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes(sender.label)):
        look_at_cells()
