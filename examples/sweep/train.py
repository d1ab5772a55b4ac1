"""Train a small network on hand-written digits; log a curve of everything, every epoch.

    python train.py --hidden 64 --lr 0.01

Reads digits/*.csv and writes model.joblib, confusion.png, predictions.csv and metrics.json to out/.
"""

import argparse
import json
import time
from pathlib import Path

import joblib
import matplotlib as mpl
import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss, recall_score
from sklearn.neural_network import MLPClassifier

import afield

mpl.use("Agg")
import matplotlib.pyplot as plt

DIGITS = range(10)


def read(name):
    table = pd.read_csv(Path("digits") / f"{name}.csv")
    return table.drop(columns="digit").to_numpy() / 16.0, table["digit"].to_numpy()


def draw(matrix, path):
    figure, axes = plt.subplots(figsize=(5, 4.4))
    image = axes.imshow(matrix, cmap="viridis")
    axes.set(xlabel="predicted", ylabel="true", title="confusion", xticks=DIGITS, yticks=DIGITS)
    figure.colorbar(image)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--l2", type=float, default=1e-4)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between epochs")
    options = parser.parse_args()
    if options.lr >= 1:
        raise SystemExit(f"train.py: a learning rate of {options.lr} does not converge")

    train_x, train_y = read("train")
    test_x, test_y = read("test")
    model = MLPClassifier(
        hidden_layer_sizes=(options.hidden,),
        learning_rate_init=options.lr,
        alpha=options.l2,
        random_state=options.seed,
        batch_size=64,
    )
    with afield.init(config=vars(options)) as run:
        for epoch in range(1, options.epochs + 1):
            model.partial_fit(train_x, train_y, classes=DIGITS)
            chances = model.predict_proba(test_x)
            predicted = chances.argmax(axis=1)
            values = {
                "train/loss": float(model.loss_),
                "test/loss": log_loss(test_y, chances, labels=DIGITS),
                "test/accuracy": accuracy_score(test_y, predicted),
                "weights/norm": float(np.sqrt(sum((each**2).sum() for each in model.coefs_))),
            }
            recalls = recall_score(test_y, predicted, average=None, labels=DIGITS)
            values |= {f"recall/{digit}": float(recalls[digit]) for digit in DIGITS}
            run.log(values, step=epoch)
            if epoch % 5 == 0:
                print(
                    f"\x1b[2mepoch\x1b[0m {epoch:3d}  loss {values['test/loss']:.4f}"
                    f"  accuracy \x1b[32m{values['test/accuracy']:.4f}\x1b[0m",
                    flush=True,
                )
            if options.pause:
                time.sleep(options.pause)

    out = Path("out")
    out.mkdir(exist_ok=True)
    joblib.dump(model, out / "model.joblib")
    draw(confusion_matrix(test_y, predicted), out / "confusion.png")
    pd.DataFrame({"true": test_y, "predicted": predicted, "chance": chances.max(axis=1)}).to_csv(
        out / "predictions.csv", index=False
    )
    (out / "metrics.json").write_text(json.dumps(values, indent=2) + "\n")
    wrong = int((predicted != test_y).sum())
    print(f"{wrong} of {len(test_y)} wrong; wrote model, confusion, predictions to {out}/")


if __name__ == "__main__":
    main()
