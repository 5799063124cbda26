"""Everything that changes a rating or makes a summary: check, write, publish. By keyword."""

from ratings.actions.rating import case_text, explain, in_words, rate
from ratings.actions.summary import summarise

__all__ = ["case_text", "explain", "in_words", "rate", "summarise"]
