"""The commands: each in the module of its name, which ../cli.py imports when the command is asked for."""
