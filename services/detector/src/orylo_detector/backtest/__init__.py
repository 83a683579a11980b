"""Replays labelled payments in simulated time through the live engine, and measures the decisions."""
