"""Adapters: a network of any library as a function from pictures to score maps."""
