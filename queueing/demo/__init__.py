"""The demo's past in the hall: who came, who sat where, and what became of each ticket."""
