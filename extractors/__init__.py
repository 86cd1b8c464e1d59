"""Bytes or text in, records out: pure functions, no network, no clock, no globals."""
