"""What signs compile: the forward recursion, and who the most active user is."""
