"""Question banks as admins have them, in office programs and as text, read into the questions of the pack."""
