"""What the made functions call while they run: look-ups and texts, by Django's rules."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, TypeVar
from uuid import UUID

from django.template import Context
from django.template.base import VariableDoesNotExist, render_value_in_context
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

F = TypeVar("F", bound=Callable[..., Any])

MISSING: Any = object()
_HTML = Context()


def pure(tag: F) -> F:
    """Marks a tag whose text depends on its arguments, the language and the built front end
    alone: with literal arguments it is drawn once."""
    tag.pure = True  # type: ignore[attr-defined]
    return tag


def text(value: Any) -> str:
    """A value as it stands in HTML."""
    kind = type(value)
    if kind is SafeString:
        return value  # type: ignore[no-any-return]
    if kind is str:
        return escape(value)
    if kind is int:
        return str(value)
    return render_value_in_context(value, _HTML)


def drawn(value: Any) -> str:
    """What a tag gave, as it stands in HTML."""
    return value if type(value) is SafeString else conditional_escape(value)


def need(names: Mapping[str, Any], name: str) -> Any:
    """A name of the context; what can be called is called, as everywhere in templates."""
    try:
        found = names[name]
    except KeyError:
        raise VariableDoesNotExist("Failed lookup for key [%s]", (name,)) from None
    return called(found) if callable(found) else found


_no_items: set[type] = set()  # types that have nothing under a name in brackets


def attr(thing: Any, name: str) -> Any:
    """`thing.name` of a template: an item, else an attribute, else a place in a list."""
    kind = type(thing)
    if kind is dict:
        found = thing.get(name, MISSING)
        if found is MISSING:
            return _slow(thing, name)
    elif kind in _no_items:
        found = getattr(thing, name, MISSING)
        if found is MISSING:
            return _slow(thing, name)
    elif not hasattr(kind, "__getitem__"):
        _no_items.add(kind)
        return attr(thing, name)
    elif issubclass(kind, tuple | list):
        if name.isdecimal():
            try:
                found = thing[int(name)]
            except IndexError:
                return _slow(thing, name)
        else:
            found = getattr(thing, name, MISSING)
            if found is MISSING:
                return _slow(thing, name)
    else:
        return _slow(thing, name)
    return called(found) if callable(found) else found


def _slow(thing: Any, name: str) -> Any:
    try:
        if not hasattr(type(thing), "__getitem__"):
            raise TypeError
        found = thing[name]
    except (TypeError, AttributeError, KeyError, ValueError, IndexError):
        try:
            found = getattr(thing, name)
        except (TypeError, AttributeError):
            if inspect.getattr_static(thing, name, MISSING) is not MISSING:
                raise  # a property of its own failed
            try:
                found = thing[int(name)]
            except (IndexError, ValueError, KeyError, TypeError):
                raise VariableDoesNotExist(
                    "Failed lookup for key [%s] in %r", (name, thing)
                ) from None
    return called(found) if callable(found) else found


def called(found: Any) -> Any:
    """Templates call what can be called without arguments."""
    if getattr(found, "do_not_call_in_templates", False):
        return found
    if getattr(found, "alters_data", False):
        return ""
    try:
        return found()
    except TypeError:
        try:
            inspect.signature(found).bind()
        except (ValueError, TypeError):  # it wants arguments
            return ""
        raise


def failed(error: Exception, missing: Any) -> Any:
    """The value of a variable that could not be looked up; real errors go on."""
    if getattr(error, "silent_variable_failure", False):
        return ""
    if isinstance(error, VariableDoesNotExist) and missing is not MISSING:
        return missing
    raise error


def flat(context: Context) -> dict[str, Any]:
    """All names of a context in one dictionary."""
    names: dict[str, Any] = {}
    for some in context.dicts:
        names.update(some)
    if "request" not in names and hasattr(context, "request"):
        names["request"] = context.request
    return names


def csrf(token: Any) -> SafeString:
    if not token or token is MISSING or token == "NOTPROVIDED":  # noqa: S105
        return SafeString("")
    return format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', token)


_STAND_INS = {
    UUID: tuple(UUID(int=(0xFEDC << 112) + n) for n in range(1, 5)),
    int: tuple(range(8_364_190_271, 8_364_190_275)),
}
_links: dict[object, tuple[str, ...]] = {}


def link(name: str, *args: Any) -> str:
    """`reverse`, which is worked out once for a name and any records' numbers."""
    kinds = tuple(map(type, args))
    if not all(kind in _STAND_INS for kind in kinds) or len(args) > 4:
        return reverse(name, args=args)
    key = (name, kinds, get_urlconf(), get_script_prefix())
    parts = _links.get(key)
    if parts is None:
        stand_ins = [_STAND_INS[kind][at] for at, kind in enumerate(kinds)]
        rest = reverse(name, args=stand_ins)
        found = []
        for stand_in in stand_ins:
            before, there, rest = rest.partition(str(stand_in))
            if not there:
                return reverse(name, args=args)
            found.append(before)
        parts = _links[key] = (*found, rest)
    if len(args) == 1:
        return f"{parts[0]}{args[0]}{parts[1]}"
    return "".join(f"{part}{arg}" for part, arg in zip(parts, args, strict=False)) + parts[-1]


def sized(values: Any) -> Any:
    """What a loop goes over."""
    if values is None:
        return ()
    return values if hasattr(values, "__len__") else list(values)


def unpacked(item: Any, wanted: int) -> Any:
    try:
        count = len(item)
    except TypeError:
        count = 1
    if count != wanted:
        raise ValueError(f"Need {wanted} values to unpack in for loop; got {count}. ")
    return item


def loop(number: int, count: int, parent: Any) -> dict[str, Any]:
    """`forloop`."""
    return {
        "parentloop": parent,
        "counter0": number,
        "counter": number + 1,
        "revcounter": count - number,
        "revcounter0": count - number - 1,
        "first": number == 0,
        "last": number == count - 1,
    }


def seen(context: Context, names: dict[str, Any], alone: bool) -> Context:
    """A context for a tag that wants one: these names over, or in place of, the page's own."""
    names = {name: value for name, value in names.items() if value is not MISSING}
    if alone:
        return context.new(names)
    context.update(names)
    return context


def safe(parts: list[str]) -> SafeString:
    return mark_safe("".join(parts))  # noqa: S308 - each part is escaped
