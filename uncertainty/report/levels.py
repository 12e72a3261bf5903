"""The coverages that a report is about: those of its slider, and the one it begins with."""

import numpy as np

# From one half in steps of 5 %; above 95 % the level that is asked for in practice.
LEVELS = np.array([0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99])
HEADLINE = int(np.flatnonzero(LEVELS == 0.9)[0])
