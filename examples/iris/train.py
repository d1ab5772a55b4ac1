"""Tell three kinds of iris apart, in plain Python: softmax regression by gradient descent.

    python train.py --lr 0.02

Reads iris.csv and writes weights.json. Nobody set a seed: every plain `python train.py` draws
another split.
"""

import argparse
import csv
import json
import math
import random
from pathlib import Path

import afield

SPECIES = ("setosa", "versicolor", "virginica")


def read(path):
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        ([float(row[name]) for name in list(row)[:4]] + [1.0], SPECIES.index(row["species"]))
        for row in rows
    ]


def chances(weights, measures):
    scores = [math.exp(sum(w * x for w, x in zip(row, measures, strict=True))) for row in weights]
    whole = sum(scores)
    return [score / whole for score in scores]


def loss_of(weights, flowers):
    return -sum(math.log(chances(weights, xs)[kind]) for xs, kind in flowers) / len(flowers)


def accuracy_of(weights, flowers):
    right = 0
    for measures, kind in flowers:
        found = chances(weights, measures)
        right += found.index(max(found)) == kind
    return right / len(flowers)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lr", type=float, default=0.02, help="learning rate")
    parser.add_argument("--epochs", type=int, default=40)
    options = parser.parse_args()

    flowers = read(Path("iris.csv"))
    random.shuffle(flowers)
    train, test = flowers[:110], flowers[110:]

    weights = [[0.0] * 5 for _ in SPECIES]
    for epoch in range(1, options.epochs + 1):
        for measures, kind in train:
            for number, chance in enumerate(chances(weights, measures)):
                pull = (number == kind) - chance
                for place, x in enumerate(measures):
                    weights[number][place] += options.lr * pull * x
        loss, accuracy = loss_of(weights, test), accuracy_of(weights, test)
        afield.log({"loss": loss, "accuracy": accuracy}, step=epoch)
    Path("weights.json").write_text(json.dumps(weights, indent=1))
    print(f"loss {loss:.4f}, accuracy {accuracy:.3f} after {options.epochs} epochs at {options.lr}")


main()
