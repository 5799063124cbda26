"""The acceptance test: a real day, replayed over HTTP, and its audit (docs/replay.md)."""
