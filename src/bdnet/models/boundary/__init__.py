"""Boundary streams: they predict edges, and add what they learn to the features."""
