"""A stand-in for the WeChat platform, and the web phone that goes with it."""
