"""What pages, API and back office have in common: language, headers, caching, refusals, numbers and dates in words."""
