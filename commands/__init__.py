"""The `zhibu` command, one file a group."""
