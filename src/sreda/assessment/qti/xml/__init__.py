"""Reading hostile XML, converting QTI 2 to QTI 3 names, and writing XML again."""

from .names import QTI3
from .node import Element
from .reader import LIMITS, XmlLimits, read_xml
from .upgrade import upgrade
from .writer import write_xml

__all__ = ["LIMITS", "QTI3", "Element", "XmlLimits", "read_xml", "upgrade", "write_xml"]
