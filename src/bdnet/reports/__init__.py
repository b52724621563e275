"""Tables and figures of runs, pictures, and what a data set holds."""
