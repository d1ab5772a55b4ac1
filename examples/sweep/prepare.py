"""Write the digits that scikit-learn ships as digits/train.csv and digits/test.csv.

    python prepare.py --version 2

Version 1 has them as they came; version 2 leaves out the faintest; version 3 adds
copies moved by one pixel.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def table(images, digits):
    columns = {f"p{number:02d}": images[:, number].astype(int) for number in range(64)}
    return pd.DataFrame({"digit": digits, **columns})


def moved(images, by):
    return np.roll(images.reshape(-1, 8, 8), by, axis=2).reshape(-1, 64)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--version", type=int, default=1)
    options = parser.parse_args()

    images, digits = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        images, digits, test_size=0.25, random_state=1, stratify=digits
    )
    if options.version >= 2:
        strong = train_x.sum(axis=1) > np.quantile(train_x.sum(axis=1), 0.02)
        train_x, train_y = train_x[strong], train_y[strong]
    if options.version >= 3:
        train_x = np.concatenate([train_x, moved(train_x, 1)])
        train_y = np.concatenate([train_y, train_y])
    folder = Path("digits")
    folder.mkdir(exist_ok=True)
    table(train_x, train_y).to_csv(folder / "train.csv", index=False)
    table(test_x, test_y).to_csv(folder / "test.csv", index=False)
    print(f"{len(train_y)} to train with, {len(test_y)} to test with, in {folder}/")


if __name__ == "__main__":
    main()
