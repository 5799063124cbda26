"""Pages of the place: the front door, guides, and the pairing of screens."""
