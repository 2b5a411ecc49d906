"""The command line: parse, call, print. A file a command."""
