"""The command line: options, exit codes, streams, and one file per command."""
