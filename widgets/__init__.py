"""The parts of screens: they know domain types and nothing else."""
