"""What triggers and activities call: load, decide, save, tell."""
