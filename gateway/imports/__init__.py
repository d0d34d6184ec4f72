"""Imports of files: a child process reads the file, a runner hands its rows to the owner."""
