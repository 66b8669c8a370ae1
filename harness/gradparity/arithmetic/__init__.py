"""Arithmetic that knows how exact it is: precisions, stochastic arithmetic for any NumPy code, and verdicts."""
