"""Everything that speaks WeChat."""
