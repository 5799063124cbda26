"""The ways out of the hall: what kinds of parcels there are, and how each is delivered."""
