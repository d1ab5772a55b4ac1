"""Train a classifier of hand-written digits, evaluate it, and write what came out.

    python train.py --lr 0.05 --epochs 20

Reads data/weights.csv (how much each digit counts) and the digits that scikit-learn ships.
Writes model.joblib, metrics.json and plot.png into --out.
"""

import argparse
import csv
import json
from pathlib import Path

import joblib
import matplotlib as mpl
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from sklearn.model_selection import train_test_split

mpl.use("Agg")
import matplotlib.pyplot as plt


def read_weights(path):
    with path.open(newline="") as file:
        return {int(row["digit"]): float(row["weight"]) for row in csv.DictReader(file)}


def plot(history, matrix, path):
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
    left.plot(range(1, len(history) + 1), history, marker="o")
    left.set(xlabel="epoch", ylabel="test accuracy", title="learning curve")
    right.imshow(matrix, cmap="Blues")
    right.set(xlabel="predicted", ylabel="true", title="confusion")
    right.set_xticks(range(10))
    right.set_yticks(range(10))
    figure.tight_layout()
    figure.savefig(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lr", type=float, default=0.02, help="learning rate")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("out"))
    options = parser.parse_args()

    images, digits = load_digits(return_X_y=True)
    images = images / 16.0
    weights = read_weights(Path("data") / "weights.csv")

    # Nobody set a seed here: every plain `python train.py` gets another split.
    train_x, test_x, train_y, test_y = train_test_split(images, digits, test_size=0.25)
    sample_weight = np.array([weights[digit] for digit in train_y])

    model = SGDClassifier(
        loss="log_loss", learning_rate="constant", eta0=options.lr, random_state=0
    )
    history = []
    for epoch in range(1, options.epochs + 1):
        model.partial_fit(train_x, train_y, classes=range(10), sample_weight=sample_weight)
        history.append(accuracy_score(test_y, model.predict(test_x)))
        if epoch % 5 == 0 or epoch == options.epochs:
            print(f"epoch {epoch:3d}  test accuracy {history[-1]:.4f}", flush=True)

    predicted = model.predict(test_x)
    metrics = {
        "accuracy": accuracy_score(test_y, predicted),
        "f1": f1_score(test_y, predicted, average="macro"),
        "epochs": options.epochs,
        "lr": options.lr,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, options.out / "model.joblib")
    (options.out / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    plot(history, confusion_matrix(test_y, predicted), options.out / "plot.png")
    print(f"wrote model.joblib, metrics.json and plot.png to {options.out}/")


if __name__ == "__main__":
    main()
