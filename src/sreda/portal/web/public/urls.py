"""Addresses open to everyone."""

from django.urls import path

from sreda.portal.web.public import directory, home, opendata

urlpatterns = [
    path("", home.home, name="home"),
    path("organisations/", directory.organisations, name="organisations"),
    path("organisations/suggest/", directory.suggest, name="organisations_suggest"),
    path("organisations/<str:code>/", directory.organisation, name="organisation"),
    path("organisations/<str:code>/contact.vcf", directory.contact_card, name="organisation_vcard"),
    path("municipalities/", home.municipalities, name="municipalities"),
    path("opendata/", opendata.open_data, name="open_data"),
    path("opendata/datapackage.json", opendata.package, name="open_data_package"),
    path(
        "opendata/<slug:name>.csv-metadata.json",
        opendata.csv_metadata,
        name="open_data_csv_metadata",
    ),
    path("opendata/<slug:name>.<slug:form>", opendata.download, name="open_data_file"),
    path("opendata/<slug:name>/", opendata.dataset, name="open_dataset"),
    path("about/", home.about, name="about"),
    path("accessibility/", home.accessibility, name="accessibility"),
    path("robots.txt", home.robots, name="robots"),
    path("sitemap.xml", home.sitemap, name="sitemap"),
]
