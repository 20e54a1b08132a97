"""What `run.py` needs before any package is installed. Standard library only."""
