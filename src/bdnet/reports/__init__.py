"""What people would rather look at: tables, figures, pictures, and what is in a data set."""
