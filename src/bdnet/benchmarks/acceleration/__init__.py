"""What acceleration is worth: accuracy and seconds of a network on keyframes."""
