"""Speech out and in: a process that speaks, voices by name, and recognisers of phrases."""
