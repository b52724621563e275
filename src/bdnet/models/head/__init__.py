"""Heads: from features to class scores."""
