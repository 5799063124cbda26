"""How an action says no."""


class Refused(Exception):
    """An action that the rules do not allow now; its text is for the person who asked."""
