"""Pages of the box: for visitors, and for those who answer them."""
