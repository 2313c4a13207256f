"""torchvision's ResNet-18."""

from torch import nn

from workflow_scripts.networks.blocks import keep_inputs

RESNET_WIDTH = 512


class ResNet18(nn.Module):
    """torchvision's ResNet-18 without its classifier, read at the stem and its four stages."""

    def __init__(self):
        from torchvision.models import resnet18

        super().__init__()
        self.body = resnet18(num_classes=1)
        self.body.fc = nn.Identity()
        self.n_outputs = RESNET_WIDTH
        keep_inputs(self)

    def activations(self):
        """Last rectification of each stage, by the stage's name."""
        stages = {f"layer{n}": getattr(self.body, f"layer{n}")[-1].relu for n in range(1, 5)}
        return {"stem": self.body.relu, **stages}

    def forward(self, images):
        return self.body(images)
