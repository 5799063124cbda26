"""Measurements of a running hall (docs/bench.md)."""
