"""Plans: arms, sweeps, and what a PASS needs."""
