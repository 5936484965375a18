"""When, to whom and by which channel something is sent."""
