"""The demo's past in the box: matters, and how they were answered."""
