"""The databases that this process has open."""
