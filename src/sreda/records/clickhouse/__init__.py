"""A copy of the statements in ClickHouse, for searches over more than one machine holds.

PostgreSQL stays the truth: what is here can be thrown away and fed anew.
"""
