"""What is in a data set, and is it fit for use."""
