"""The hot path of answers: tickets, messages, one statement; as an ASGI room and for a plain view.

Nothing here imports Django: the process that takes answers stays small.
"""

from sreda.assessment.hot.messages import Message, Refusal, read
from sreda.assessment.hot.tickets import Ticket, issue, verify
from sreda.assessment.hot.writing import INSERT, Fate, arguments, fates

__all__ = [
    "INSERT",
    "Fate",
    "Message",
    "Refusal",
    "Ticket",
    "arguments",
    "fates",
    "issue",
    "read",
    "verify",
]
