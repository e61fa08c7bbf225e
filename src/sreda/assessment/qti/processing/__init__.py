"""Rules: response, template and outcome processing."""

from .response import compile_responses, compile_templates, idle, run
from .rules import OUTCOMES, ConstraintFailed, Exit, Rule, compile_rules, reason_of
from .standard import TEMPLATES, standard_template, template_name

__all__ = [
    "OUTCOMES",
    "TEMPLATES",
    "ConstraintFailed",
    "Exit",
    "Rule",
    "compile_responses",
    "compile_rules",
    "compile_templates",
    "idle",
    "reason_of",
    "run",
    "standard_template",
    "template_name",
]
