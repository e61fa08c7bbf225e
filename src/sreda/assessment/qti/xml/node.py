"""A small XML tree that knows where its elements stood."""

from __future__ import annotations

from collections.abc import Iterator


class Element:
    """`name` is the local name, `ns` the namespace ("" for none). `attributes` are keyed by local
    name, those in a namespace by `{uri}local`. `children` are elements and texts in order."""

    __slots__ = ("attributes", "children", "file", "line", "name", "ns", "parent", "printed")

    def __init__(
        self,
        name: str,
        attributes: dict[str, str] | None = None,
        *children: Element | str,
        ns: str = "",
        line: int = 0,
        file: str = "",
        printed: str = "",
    ) -> None:
        self.name = name
        self.ns = ns
        self.attributes: dict[str, str] = attributes or {}
        self.children: list[Element | str] = []
        self.parent: Element | None = None
        self.line = line
        self.file = file
        self.printed = printed or name
        for child in children:
            self.append(child)

    def append(self, child: Element | str) -> None:
        if isinstance(child, Element):
            child.parent = self
        self.children.append(child)

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    @property
    def elements(self) -> list[Element]:
        return [child for child in self.children if isinstance(child, Element)]

    def find(self, *names: str) -> Element | None:
        """The first child element of one of these names."""
        for child in self.children:
            if isinstance(child, Element) and child.name in names:
                return child
        return None

    def all(self, *names: str) -> list[Element]:
        return [c for c in self.children if isinstance(c, Element) and c.name in names]

    def walk(self) -> Iterator[Element]:
        """This element and all below it, in document order."""
        stack = [self]
        while stack:
            one = stack.pop()
            yield one
            stack.extend(c for c in reversed(one.children) if isinstance(c, Element))

    def ancestors(self) -> Iterator[Element]:
        one = self.parent
        while one is not None:
            yield one
            one = one.parent

    @property
    def text(self) -> str:
        """The text of this element and all below it."""
        found: list[str] = []
        stack: list[Element | str] = [self]
        while stack:
            one = stack.pop()
            if isinstance(one, str):
                found.append(one)
            else:
                stack.extend(reversed(one.children))
        return "".join(found)

    def nearest_identifier(self) -> str:
        one: Element | None = self
        while one is not None:
            for name in ("identifier", "response-identifier", "outcome-identifier"):
                if own := one.attributes.get(name):
                    return own
            one = one.parent
        return ""

    def copy(self) -> Element:
        """A deep copy without a parent."""
        top = self._bare()
        stack = [(self, top)]
        while stack:
            old, new = stack.pop()
            for child in old.children:
                if isinstance(child, Element):
                    made = child._bare()
                    new.append(made)
                    stack.append((child, made))
                else:
                    new.children.append(child)
        return top

    def _bare(self) -> Element:
        return Element(
            self.name,
            dict(self.attributes),
            ns=self.ns,
            line=self.line,
            file=self.file,
            printed=self.printed,
        )

    def same_as(self, other: Element) -> bool:
        """Equal in names, attributes and content; places do not count."""
        pairs = [(self, other)]
        while pairs:
            a, b = pairs.pop()
            if (a.name, a.ns, a.attributes) != (b.name, b.ns, b.attributes):
                return False
            ours, theirs = _joined(a.children), _joined(b.children)
            if len(ours) != len(theirs):
                return False
            for one, two in zip(ours, theirs, strict=True):
                if isinstance(one, Element) and isinstance(two, Element):
                    pairs.append((one, two))
                elif one != two:
                    return False
        return True

    def __repr__(self) -> str:
        return f"<{self.name} line {self.line}>"


def _joined(children: list[Element | str]) -> list[Element | str]:
    """Neighbouring texts as one, empty texts left out."""
    found: list[Element | str] = []
    for child in children:
        if isinstance(child, str) and found and isinstance(found[-1], str):
            found[-1] += child
        elif child != "":
            found.append(child)
    return found
