"""Two examinations by the doctor, drawn by their own plot()."""

import style
from sklearn.datasets import load_diabetes

from uncertainty import ProbabilisticMLPRegressor
from uncertainty.diagnostics import activation_statistics, learning_rate_range_test

X, y = load_diabetes(return_X_y=True)
figure, (left, right) = style.panels(1, 2, 4.2)

too_fast = ProbabilisticMLPRegressor(learning_rate_init=0.3)
found = learning_rate_range_test(too_fast, X, y)
print(found.verdict)
found.plot(left)

too_small = ProbabilisticMLPRegressor((50,) * 8, "tanh", initializer="random_normal", max_iter=20, random_state=0)
found = activation_statistics(too_small.fit(X, y), X, y)
print(*found.findings, sep="\n")
found.plot(right)
for axis, n_columns in ((left, 2), (right, 1)):  # below, where the legend hides nothing
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=n_columns, columnspacing=1.0, handlelength=1.5)
style.save(figure, __file__)
