"""Benchmarks: ratios of ours to a baseline, measured in turns on one machine in one run.

`python3 run.py bench [--only NAME] [--scale small|full]`. They are not tests: nothing in the test
command depends on speed. Each works in a database of its own, made and dropped here.
"""
