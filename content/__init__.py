"""What admins write, read and checked."""
