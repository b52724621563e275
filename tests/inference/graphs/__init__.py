"""Two of these files are called as others are elsewhere: only a package tells them apart."""
