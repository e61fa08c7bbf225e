"""The QTI engine: reads QTI 2.0 to 3.0, marks, runs tests, checks and writes QTI 3.0.

Pure Python without Django or a database; see docs/qti.md.
"""

from .api import *  # noqa: F403
from .api import __all__ as __all__
