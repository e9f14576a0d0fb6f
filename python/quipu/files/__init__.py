"""Persist directories: where they are, and into a database and out of it."""
