"""The two commands of a newcomer, with real processes, on a state folder of their own."""
