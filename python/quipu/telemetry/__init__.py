"""What a database does, for who looks on: statistics, logging, events, what notebooks show."""
