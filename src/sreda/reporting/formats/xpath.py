"""Expressions of XLSForm (a part of XPath 1.0) as ours.

What has no counterpart raises Untranslated, with the word that stands in the way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


class Untranslated(ValueError):
    """`word` is what cannot be said in our expressions."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


@dataclass(frozen=True, slots=True)
class Names:
    """`keys`: question → key of its cell; `several`: those with several options at once;
    `own`: the key that "." stands for."""

    keys: Mapping[str, str]
    several: frozenset[str] = frozenset()
    own: str = ""


_TOKEN = re.compile(
    r"\s*(?:(?P<name>\$\{\s*[\w.-]+\s*\})|(?P<number>\d+(?:\.\d+)?)|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<sign><=|>=|!=|[=<>+*(),]|-)|(?P<word>[A-Za-z][\w-]*(?::[\w-]+)?)|(?P<dot>\.\.?)"
    r"|(?P<other>\S))"
)
_BINARY = (
    {"or": "||"},
    {"and": "&&"},
    {"=": "==", "!=": "!="},
    {"<": "<", "<=": "<=", ">": ">", ">=": ">="},
    {"+": "+", "-": "-"},
    {"*": "*", "div": "/", "mod": "%"},
)
_PLAIN = {
    "string-length": "size", "contains": "contains", "starts-with": "startsWith",
    "ends-with": "endsWith", "regex": "matches", "number": "number", "string": "string",
    "floor": "floor", "int": "floor", "ceiling": "ceil", "abs": "abs", "upper-case": "upper",
    "lower-case": "lower", "normalize-space": "trim", "date": "date",
}  # fmt: skip


def translate(text: str, names: Names) -> str:
    return _Reader(text, names).whole()


class _Reader:
    def __init__(self, text: str, names: Names) -> None:
        if len(text) > 4_000:
            raise Untranslated(text[:20] + "…")
        self.names = names
        self.tokens: list[tuple[str, str]] = []
        for found in _TOKEN.finditer(text):
            kind = found.lastgroup or ""
            if kind == "other":
                raise Untranslated(found[kind])
            self.tokens.append((kind, found[kind]))
        self.at = self.depth = 0

    def whole(self) -> str:
        if not self.tokens:
            raise Untranslated("")
        said = self.binary(0)
        if self.at < len(self.tokens):
            raise Untranslated(self.tokens[self.at][1])
        return said

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise Untranslated("…")
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, sign: str) -> None:
        _kind, word = self.take()
        if word != sign:
            raise Untranslated(word)

    def binary(self, level: int) -> str:
        self.depth += 1
        if self.depth > 200:
            raise Untranslated("(((…")
        if level == len(_BINARY):
            said = self.unary()
        else:
            said = self.binary(level + 1)
            while (sign := self.peek()) in _BINARY[level]:
                self.take()
                said = f"{said} {_BINARY[level][sign]} {self.binary(level + 1)}"
        self.depth -= 1
        return said

    def unary(self) -> str:
        if self.peek() == "-":
            self.take()
            return f"-{self.unary()}"
        return self.primary()

    def primary(self) -> str:
        kind, word = self.take()
        match kind:
            case "number":
                return word
            case "text":
                return _quoted(word[1:-1])
            case "name":
                return self.key(word)
            case "dot" if word == "." and self.names.own:
                return self.names.own
            case "sign" if word == "(":
                said = self.binary(0)
                self.expect(")")
                return f"({said})"
            case "word" if self.peek() == "(":
                return self.call(word)
        raise Untranslated(word)

    def key(self, word: str) -> str:
        name = word[2:-1].strip()
        if name not in self.names.keys:
            raise Untranslated(word)
        return self.names.keys[name]

    def call(self, word: str) -> str:
        self.take()
        arguments: list[str] = []
        first = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        while self.peek() != ")":
            arguments.append(self.binary(0))
            if self.peek() == ",":
                self.take()
            elif self.peek() != ")":
                raise Untranslated(self.peek() or "…")
        self.expect(")")
        several = first[0] == "name" and first[1][2:-1].strip() in self.names.several
        match word, arguments:
            case "true" | "false", []:
                return word
            case "not", [one]:
                return f"!({one})"
            case "selected", [one, option]:
                return f"{option} in {one}" if several else f"{one} == {option}"
            case "count-selected", [one]:
                return f"size({one})"
            case "if", [condition, yes, no]:
                return f"({condition} ? {yes} : {no})"
            case "coalesce", [one, other]:
                return f'({one} == "" ? {other} : {one})'
            case "round", [one]:
                return f"round({one}, 0)"
            case "round", [one, places]:
                return f"round({one}, {places})"
            case "concat", [_, *_]:
                return " + ".join(f"string({one})" for one in arguments)
            case "sum" | "min" | "max", [_, _, *_]:
                listed = f"[{', '.join(arguments)}]"
                return f"{word}({listed})"
            case "today", []:
                return "as_of"
        if word in _PLAIN and arguments:
            return f"{_PLAIN[word]}({', '.join(arguments)})"
        raise Untranslated(f"{word}()")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
