"""The one error of the command line: a sentence for the person at the keyboard."""


class Problem(Exception):
    """Something is in the way; the text says what it is and what to do about it."""
