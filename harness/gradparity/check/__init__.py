"""The check: what each port answers, what rounding explains of it, and what is wrong where it does not."""
