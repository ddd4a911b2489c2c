"""HTML: one function a page, each turns one request into one call of petitions and its answer into a page."""
