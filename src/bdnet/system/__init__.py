"""What the operating system does for us: files that appear whole, signals, cores."""
