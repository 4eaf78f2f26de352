"""How samples travel: the PCM contract and its implementations."""
