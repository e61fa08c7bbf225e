"""Rules as data: CEL expressions evaluated in a sandbox, with exact decimals.

The language is CEL as parsed and walked by `celpy`; this package narrows it (every number is a
`Decimal`, only listed functions exist, types never mix silently) and bounds it (length, depth,
steps, seconds, size of any value).
"""

from .errors import LimitError, RuleError
from .expression import MACROS, Expression, compile_expression
from .limits import Budget, Limits
from .values import EXACT, from_cel, to_cel

__all__ = [
    "EXACT",
    "MACROS",
    "Budget",
    "Expression",
    "LimitError",
    "Limits",
    "RuleError",
    "compile_expression",
    "from_cel",
    "to_cel",
]
