"""xAPI itself, in plain Python: what a statement must be, what it is found by, how it is shown.

Two editions are spoken: 1.0.3 and 2.0 (IEEE 9274.1.1). Nothing here knows Django or a database.
Section numbers in comments are those of the xAPI 1.0.3 specification, part two, unless said.
"""
