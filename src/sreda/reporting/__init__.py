"""АИС «Образование»: forms that fill themselves, campaigns, indicators, dashboards, surveys."""
