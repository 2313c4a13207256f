"""Made-up training curves, in the form that trainings leave."""

import pandas as pd

COLUMNS = [
    "seed",
    "epoch",
    "learning_rate",
    "loss",
    "accuracy",
    "mean_cosine",
    "dimensions",
    "images_per_second",
    "gpu_memory_mb",
]


def curve(**accuracies):
    """Training curve of seeds: `s5=[0.2, 0.3]` is seed 5, with an accuracy per epoch."""
    rows = [
        [int(seed[1:]), epoch, 0.01, 1 - accuracy, accuracy, None, None, 100.0, None]
        for seed, values in accuracies.items()
        for epoch, accuracy in enumerate(values, start=1)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
