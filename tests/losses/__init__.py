"""A package, as other test folders have files of the same names."""
