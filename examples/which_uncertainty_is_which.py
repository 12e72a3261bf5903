"""Noise or ignorance? Real measurements with a gap in the inputs.

The area of a cell nucleus is learned from its radius, without any nucleus of medium size. The truth is known to be
close to pi r^2, plus measurement noise. Noise (aleatoric) is learned as one number here. Ignorance (epistemic), the
disagreement of the members, is small where there were rows, larger in the gap, and largest beyond the data.
"""

import numpy as np
from sklearn.datasets import load_breast_cancer

from uncertainty import DeepEnsembleRegressor, Gaussian, ProbabilisticMLPRegressor

X, _ = load_breast_cancer(return_X_y=True)
radius, area = X[:, [0]], X[:, 3]
low, high = np.quantile(radius, [0.4, 0.8])
in_gap = ((low <= radius) & (radius <= high))[:, 0]

network = ProbabilisticMLPRegressor(head=Gaussian(variance="constant"))
model = DeepEnsembleRegressor(network, random_state=0).fit(radius[~in_gap], area[~in_gap])

print(f"trained without radii between {low:.1f} and {high:.1f}; the largest seen is {radius.max():.1f}\n")
print("radius   pi r^2   predicted   noise (std)   ignorance (std)")
for r in (9, 11, 12, 14, 15, 16, 18, 22, 28, 35):
    parts = model.predict_uncertainty([[r]])
    noise, ignorance = np.sqrt(parts.aleatoric_variance[0]), np.sqrt(parts.epistemic_variance[0])
    where = "in the gap" if low < r < high else "beyond the data" if r > radius.max() else ""
    print(f"{r:6d}   {np.pi * r**2:6.0f}   {parts.mean[0]:9.0f}   {noise:11.1f}   {ignorance:15.1f}   {where}")

filled = DeepEnsembleRegressor(network, random_state=0).fit(radius, area)
for name, fitted in (("before", model), ("after", filled)):
    epistemic = fitted.predict_uncertainty(radius[in_gap]).epistemic_variance
    print(f"ignorance in the gap, {name} seeing its rows: {np.sqrt(epistemic.mean()):.1f}")
