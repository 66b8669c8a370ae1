"""A run: what check, bench and train found, recorded in one folder, part by part."""
