"""One file per kind of data set: its labelled frames, and where their files are."""
