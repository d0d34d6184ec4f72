"""Tables of the customers database and every statement on them.

Provisional rows, made by a conversion that has not ended, are left out of every read here.
"""
