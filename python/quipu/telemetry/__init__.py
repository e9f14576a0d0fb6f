"""What is done with a database as a whole."""
