"""A network as two graphs for programs without bdnet: one for keyframes, one for the others."""
