"""What networks see and say, made visible."""
