"""Django templates as Python functions: same templates, same output, a fraction of the time.

`Loader` (in the settings) gives each template a node list that renders by a function made for it
when it is first shown (decision 0020). A template with a tag the compiler does not know renders
as ever. What depends on nothing but the language (texts, icons, addresses without arguments) is
worked out once, when the function is made; so are inheritance and includes by a literal name.
"""

from __future__ import annotations

from .loader import Loader
from .runtime import pure

__all__ = ["Loader", "pure"]
