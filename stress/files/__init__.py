"""Audio files: WAV and raw captures, read and written as streams of frames."""
