"""The one error that devtools raises on purpose."""


class Problem(Exception):
    """Something the person at the terminal can mend; the text is a paragraph that says how."""
