"""The measuring rig and the speed figures; `python -m benchmarks` runs them."""
