"""The demo's members of staff, and their drawn portraits."""
