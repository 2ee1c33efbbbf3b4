"""Scores of LightGBM and of scikit-learn's random forest on rows and splits that `cargo xtask measure peers` wrote.

Reads ROWS.csv: `label` (1 is a program), `weight`, `last` (1 is a client's last row), `fold0`, `fold1`, … (in which part of each
repetition a row is tested; -1 is never) and after them the features, empty where unseen. Writes one line for each row: for each
peer the mean log-odds by the models that never saw the row's group. A peer learns from all rows by their weights, as ours do, or,
under the name that ends in `, last rows`, from the last row of each client alone.
"""

import csv
import sys

import lightgbm
import numpy
from sklearn.ensemble import RandomForestClassifier

# Ours do not know how many processors there are either: the same machine or another gives the same figures.
SEED, JOBS = 1, 1
# Chances of exactly 0 and 1, which a forest gives, are cut there.
LEAST = 1e-4


def boosted(seed):
    """LightGBM: small steps and small trees, as few clients ask for."""
    return lightgbm.LGBMClassifier(
        n_estimators=300, learning_rate=0.03, num_leaves=15, min_child_samples=20, subsample=0.8, subsample_freq=1,
        colsample_bytree=0.7, reg_lambda=1.0, random_state=seed, n_jobs=JOBS, deterministic=True, verbosity=-1,
    )


def forest(seed):
    """scikit-learn's random forest, which knows what is unseen since 1.4."""
    return RandomForestClassifier(n_estimators=500, min_samples_leaf=2, random_state=seed, n_jobs=JOBS)


PEERS = {"LightGBM": (boosted, False), "forest": (forest, False),
         "LightGBM, last rows": (boosted, True), "forest, last rows": (forest, True)}


def read(path):
    """The columns of the file, by name."""
    with open(path, newline="", encoding="utf-8") as file:
        lines = csv.reader(file)
        names = next(lines)
        rows = numpy.array([[float(cell) if cell else numpy.nan for cell in line] for line in lines], dtype=numpy.float64)
    known = [at for at, name in enumerate(names) if name in ("label", "weight", "last") or name.startswith("fold")]
    features = numpy.delete(rows, known, axis=1)
    return {names[at]: rows[:, at] for at in known}, features


def out_of_fold(make, features, known, learned):
    """The mean over all repetitions of each row's log-odds by the model of the other parts."""
    sums, times = numpy.zeros(len(features)), numpy.zeros(len(features))
    for at, name in enumerate(sorted(name for name in known if name.startswith("fold"))):
        parts = known[name]
        for part in range(int(parts.max()) + 1):
            trains, tests = learned & (parts != part), parts == part
            model = make(SEED + 100 * at + part)
            model.fit(features[trains], known["label"][trains], sample_weight=known["weight"][trains])
            chance = numpy.clip(model.predict_proba(features[tests])[:, 1], LEAST, 1 - LEAST)
            sums[tests] += numpy.log(chance / (1 - chance))
            times[tests] += 1
    return sums / times


def main(rows, out):
    known, features = read(rows)
    # The same for a row and its equal: a weight is of a client, and its mean is one.
    known["weight"] = known["weight"] / known["weight"].mean()
    scores = {}
    for name, (make, is_last_only) in PEERS.items():
        learned = known["last"] == 1 if is_last_only else numpy.ones(len(features), dtype=bool)
        scores[name] = out_of_fold(make, features, known, learned)
    with open(out, "w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(scores)
        lines.writerows(zip(*scores.values()))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
