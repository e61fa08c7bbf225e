"""Forms in other shapes: our JSON (whole, nothing lost), XLSX templates, XLSForm."""

from sreda.reporting.formats.issues import Issue, Reading
from sreda.reporting.formats.portable import FormFile, read_json, write_json

__all__ = ["FormFile", "Issue", "Reading", "read_json", "write_json"]
