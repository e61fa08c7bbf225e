from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class KernelApp(AppConfig):
    name = "sreda.kernel"
    label = "kernel"

    def ready(self) -> None:
        from sreda.kernel import ordering

        ordering.register()
        # Subscriptions, cabinet panels and datasets announce themselves by being imported.
        # Datasets come first: receivers may ask which events they name.
        autodiscover_modules("datasets")
        autodiscover_modules("receivers", "panels")
