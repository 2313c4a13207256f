"""Networks by their architecture."""

from workflow_scripts.networks.architectures.alexnet import AlexNet
from workflow_scripts.networks.architectures.resnet18 import ResNet18
from workflow_scripts.networks.architectures.vgg11 import VGG11
from workflow_scripts.networks.blocks import initialise


def build_network(variant, generator):
    """New network with seeded weights.

    Parameters
    ----------
    variant : dict
        ``architecture`` (``alexnet``, ``resnet18`` or ``vgg11``), for AlexNet and VGG-11
        ``dropout``, and for AlexNet ``width``, ``batchnorm`` and ``noise_gain``.
    generator : torch.Generator
        CPU generator of the initial weights, see `initialise`.

    Returns
    -------
    torch.nn.Module
        With ``n_outputs`` and ``activations()``.
    """
    if variant["architecture"] == "alexnet":
        network = AlexNet(
            variant["width"], variant["batchnorm"], variant["dropout"], variant["noise_gain"]
        )
    elif variant["architecture"] == "vgg11":
        network = VGG11(variant["dropout"])
    else:
        network = ResNet18()
    initialise(network, generator)
    return network
