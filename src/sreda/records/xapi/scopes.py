"""What a source may do, in the words of xAPI 1.0.3 (part three, 4.2), and what grants it."""

from __future__ import annotations

WRITE = "statements/write"
READ_MINE = "statements/read/mine"
READ = "statements/read"
STATE = "state"
DEFINE = "define"
PROFILE = "profile"
ALL_READ = "all/read"
ALL = "all"
BY_AGREEMENT = "statements/read/agreed"  # ours: what agreements with a partner allow

GRANTS: dict[str, frozenset[str]] = {
    WRITE: frozenset({WRITE, ALL}),
    READ_MINE: frozenset({READ_MINE, READ, ALL_READ, ALL}),
    READ: frozenset({READ, ALL_READ, ALL}),
    STATE: frozenset({STATE, ALL}),
    DEFINE: frozenset({DEFINE, ALL}),
    PROFILE: frozenset({PROFILE, ALL}),
    ALL_READ: frozenset({ALL_READ, ALL}),
    ALL: frozenset({ALL}),
    BY_AGREEMENT: frozenset({BY_AGREEMENT}),
}
