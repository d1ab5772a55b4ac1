"""Measurements: each against its floor or peer in the same run, as ratios of medians."""
