"""What is kept: SQL for what must last, Redis for what may be lost."""
