"""What the rules of images read and are told."""

import os.path

from workflow_scripts.common.config import Config
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.outside import files_below, state_of
from workflow_scripts.common.planning import Settings, Wildcards, canonical
from workflow_scripts.images.set_names import N_PHOTOGRAPHS, SETS


class ImagePlan:
    """Stimulus sets, and the packed images that they are chosen from."""

    def __init__(self, config: Config) -> None:
        self.seed = config.seed
        self.stimuli = config.stimuli
        source, path = self.stimuli.source, self.stimuli.path
        self.is_packed = source != "photographs"
        """Whether images are files of their own, which are packed."""
        self.subsets = ("train", "val") if source == "imagenet" else ("all", "all")
        """Images for training, and images for all other sets."""
        if self.is_packed and not (path and os.path.isdir(path)):
            expected = f"an existing folder for stimuli.source {source!r}"
            raise InputError("config stimuli.path", repr(path), expected)

    @property
    def n_pictures(self) -> int:
        """Pictures of which crops are taken; those of one are a group, which is never divided."""
        return N_PHOTOGRAPHS + self.stimuli.n_generated

    @property
    def description(self) -> str:
        """What images are, for claims and figures."""
        is_generated = not self.is_packed and self.stimuli.n_generated
        return f"{self.stimuli.source}{' and generated pictures' if is_generated else ''}"

    @property
    def sets(self) -> tuple[str, ...]:
        """Sets that have a file of their own; packed images for training stay where they are."""
        return SETS[1:] if self.is_packed else SETS

    def pack_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `pack_images`: no seed and no number of images, as all are packed."""
        return {
            "path": self.stimuli.path,
            "side": self.stimuli.pack_side,
            "subset": wildcards.subset,
        }

    def pack_state(self, wildcards: Wildcards) -> str:
        """State of the images that are packed."""
        assert self.stimuli.path
        inside = os.path.join(self.stimuli.path, wildcards.subset)
        # Archives of both subsets may lie next to each other.
        folder = inside if os.path.isdir(inside) else self.stimuli.path
        return state_of(folder, files_below(folder))

    def shown_pack(self, wildcards: Wildcards) -> list[str]:
        """Packed images of which no copy is trained on; images of one folder are packed once."""
        return _pack_files("val")[:1] if wildcards.subset == "train" else []

    def set_pack(self, wildcards: Wildcards) -> list[str]:
        """Packed images that a stimulus set is chosen from; photographs need none."""
        return _pack_files(self.subsets[1]) if self.is_packed else []

    def training_files(self, wildcards: Wildcards) -> list[str]:
        """Images for training; if they are packed, also their labels."""
        if self.is_packed:
            return _pack_files(self.subsets[0])[:2]
        return ["results/stimuli/training.nc"]

    def training_labels(self, wildcards: Wildcards) -> str:
        """The file that has the labels of the images for training."""
        return self.training_files(wildcards)[-1]

    def set_sizes(self, name: str) -> dict[str, int]:
        """Numbers of images on which a set depends; pictures give each set its own crops."""
        sets = SETS[: SETS.index(name) + 1] if self.is_packed else (name,)
        return {other: getattr(self.stimuli.n, other) for other in sets}

    def set_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `prepare_stimuli`."""
        return canonical(
            {
                "seed": self.seed,
                "source": self.stimuli.source,
                "path": self.stimuli.path,
                "n_generated": self.stimuli.n_generated,
                "crop_scale": self.stimuli.crop_scale,
                "n": self.set_sizes(wildcards.set),
            }
        )

    def training_settings(self) -> Settings:
        """What a training is told of its images."""
        return {"source": self.stimuli.source, "n": self.set_sizes("training")}


def _pack_files(subset: str) -> list[str]:
    """Files of packed images that other jobs read."""
    names = ("images.npy", "labels.npy", "manifest.csv")
    return [f"results/images/{subset}/{name}" for name in names]
