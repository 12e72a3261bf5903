"""Prediction intervals for disease progression, checked against patients that were held out.

A deep ensemble predicts a whole distribution for each patient. The script prints a few intervals, then what share of
the held-out patients lies inside, with its own confidence interval: with 111 patients the share is not exact either.
"""

from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

from uncertainty import DeepEnsembleRegressor
from uncertainty.metrics import coverage_confidence_interval, coverage_score, crps_score, mean_width

X, y = load_diabetes(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

model = DeepEnsembleRegressor(random_state=0).fit(X_train, y_train)

print("progression after a year (25 to 346 in the data), with 90 % intervals")
mean = model.predict(X_test)
for row, interval in enumerate(model.predict_interval(X_test[:5], coverage=0.9)):
    print(f"  predicted {mean[row]:5.0f}   between {interval[0]:5.0f} and {interval[1]:5.0f}   true {y_test[row]:5.0f}")

print("\ncoverage  observed  (95 % confidence)  mean width")
for coverage in (0.5, 0.8, 0.9, 0.95):
    interval = model.predict_interval(X_test, coverage=coverage)
    low, high = coverage_confidence_interval(y_test, interval)
    observed = coverage_score(y_test, interval)
    print(f"  {coverage:4.0%}     {observed:6.1%}   ({low:5.1%} to {high:5.1%})  {mean_width(interval):7.0f}")

print(f"\ncontinuous ranked probability score {crps_score(y_test, model.predict_dist(X_test)):.1f} (units of y)")
