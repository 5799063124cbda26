"""The demo's past on the pads: ratings, and the cases that bad ones opened."""
