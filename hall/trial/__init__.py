"""A hall to try out: `make run`, or `python -m hall.trial`.

Checks what may be wrong (one line each, exit code 2), prepares the database, then keeps the
server, the worker and, with VISITORS=1, simulated visitors running until Ctrl-C. Everything is
kept in HALL_DATA. Django is loaded by the children alone, so that a wrong setting is a line here.
"""
