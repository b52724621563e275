"""What makes a network of any library a function from pictures to score maps."""
