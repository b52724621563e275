"""The boundary-aware stream: silhouettes that guide the features."""
