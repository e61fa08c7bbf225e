"""Who may open what in assessment: lines of the access matrix."""

TABLE = """
POST assessment:answers                   400   | 400
GET  assessment:answers                   405   | 405
"""
