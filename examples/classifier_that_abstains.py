"""A classifier of handwritten digits that hands the cases it is unsure of to a person.

The rows are ranked by the entropy of the predicted probabilities. Accepting only the surest ones trades coverage for
accuracy. Pictures that are no digits at all (here: upside-down and scrambled ones) show in the mutual information,
the share of that entropy which comes from the members disagreeing.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from uncertainty import DeepEnsembleClassifier
from uncertainty.metrics import expected_calibration_error

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, test_size=0.4, random_state=0)

model = DeepEnsembleClassifier(n_estimators=5, random_state=0).fit(X_train, y_train)
parts = model.predict_uncertainty(X_test)
wrong = model.predict(X_test) != y_test

print("accepted   errors among them")
surest_first = np.argsort(parts.total_entropy)
for share in (1.0, 0.95, 0.9, 0.8):
    accepted = surest_first[: round(share * len(y_test))]
    print(f"  {share:4.0%}     {wrong[accepted].sum():3d} of {len(accepted)} ({wrong[accepted].mean():.2%})")

ece = expected_calibration_error(y_test, parts.proba, labels=model.classes_)
print(f"\nexpected calibration error {ece:.3f}\n")

images = X_test.reshape(-1, 8, 8)
scrambled = np.random.default_rng(0).permuted(X_test, axis=1)
print("median entropy, in nats   of the noise   from disagreement")
for name, inputs in (("digits", X_test), ("upside down", images[:, ::-1].reshape(-1, 64)), ("scrambled", scrambled)):
    u = model.predict_uncertainty(inputs)
    print(f"  {name:20s}  {np.median(u.aleatoric_entropy):12.4f}   {np.median(u.mutual_information):17.4f}")
