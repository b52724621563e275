"""Training and evaluation, by Lightning."""
