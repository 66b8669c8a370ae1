"""Reports: pure functions of a recorded run."""
