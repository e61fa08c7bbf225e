from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class KernelApp(AppConfig):
    name = "sreda.kernel"
    label = "kernel"

    def ready(self) -> None:
        from sreda.kernel import ordering

        ordering.register()
        # Subscriptions, panels, datasets and words of the log announce themselves when imported.
        # Datasets come first: receivers may ask which events they name.
        autodiscover_modules("datasets")
        autodiscover_modules("receivers", "panels", "wording")
