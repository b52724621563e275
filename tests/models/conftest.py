"""Stands here so that pytest finds `networks` from the folders below too."""
