"""Measurements of a running hall, a replayed day, simulated visitors (docs/bench.md)."""
