"""Why something is as it is: from a number, a file, a model or data back to what it came from."""
