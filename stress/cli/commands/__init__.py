"""The commands of pcmstress, one file each."""
