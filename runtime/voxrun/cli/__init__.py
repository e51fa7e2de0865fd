"""The command line: it reads arguments, decides settings, and hands over to the rooms that do the work."""
