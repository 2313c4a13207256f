"""torchvision's ResNet-18."""

import torch
from torch import nn
from torchvision.models import resnet18

from workflow_scripts.networks.architecture import Card
from workflow_scripts.networks.blocks import Network, keep_inputs

CARD = Card(
    label="ResNet-18",
    layers=("stem", "layer1", "layer2", "layer3", "layer4"),
    trained=True,
    reference="He et al. 2016, CVPR, arXiv:1512.03385",
)


class ResNet18(Network):
    """torchvision's ResNet-18 without its classifier, read at the stem and its four stages."""

    def __init__(self) -> None:
        super().__init__()
        self.body = resnet18(num_classes=1)
        self.n_outputs = self.body.fc.in_features
        self.body.fc = nn.Identity()
        keep_inputs(self)

    def activations(self) -> dict[str, nn.Module]:
        """Last rectification of each stage, by the stage's name."""
        stages = {f"layer{n}": getattr(self.body, f"layer{n}")[-1].relu for n in range(1, 5)}
        return {"stem": self.body.relu, **stages}

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.body(images)
        return features


def build() -> ResNet18:
    """ResNet-18, which has no options."""
    return ResNet18()
