"""Draws the portraits of the demo's members of staff, which are kept as pictures."""
