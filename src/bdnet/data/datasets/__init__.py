"""One file per kind of data set: which frames are labelled, and where they lie."""
