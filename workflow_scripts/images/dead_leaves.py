"""Generated pictures with the statistics of natural ones: leaves that cover each other.

Leaves of all sizes, each with a texture of its own, fall on each other until they cover the
picture. Occlusion and sizes that follow a power law give edges, and correlations over distance, as
in photographs (Lee, Mumford and Huang 2001, Int J Comput Vis 41: 35-59); networks that are trained
on such pictures learn nearly what they learn from photographs (Baradad et al. 2021, NeurIPS,
arXiv:2106.05963). Unlike crops of a few photographs, every picture is independent of all others.
"""

import numpy as np
from PIL import Image

SIDE = 256
"""Side of a picture in pixels, about that of the smallest photographs."""

RADII = (6.0, 110.0)
"""Smallest and largest radius of a leaf in pixels; the density is that of radius to the power -3,
which makes the picture look the same at every distance."""

N_LEAVES = 400
"""Leaves of a picture. They cover it except for rare spots, where the background is seen."""

SLOPES = (0.8, 2.0)
"""Exponents of the amplitudes of textures over spatial frequency; 1 is that of natural images."""

N_TEXTURES = 4
"""Textures of a picture, of which each leaf shows a part, in colours of its own."""


def draw_pictures(n: int, generator: np.random.Generator) -> list[Image.Image]:
    """Independent pictures of dead leaves, as PIL images in RGB.

    Parameters
    ----------
    n : int
    generator : numpy.random.Generator
        Source of all randomness. Each picture has a stream of its own, so that the first ones do
        not depend on how many there are.

    Returns
    -------
    list of PIL.Image.Image
    """
    return [draw_picture(of_picture) for of_picture in generator.spawn(n)]


def draw_picture(generator: np.random.Generator) -> Image.Image:
    """One picture of dead leaves, lit by a light of its own."""
    textures = [draw_texture(generator) for _ in range(N_TEXTURES)]
    picture = paint(textures[0], generator)
    light = np.exp(generator.normal(-0.1, 0.5)) * (1 + generator.normal(0, 0.1, 3))
    smallest, largest = RADII
    # Inverse of the cumulative distribution of a density of radius ** -3.
    shares = generator.random(N_LEAVES)
    radii = (smallest**-2 + shares * (largest**-2 - smallest**-2)) ** -0.5
    for radius in radii:
        centre = generator.uniform(0, SIDE, 2)
        low = np.maximum(np.floor(centre - radius).astype(int), 0)
        high = np.minimum(np.ceil(centre + radius).astype(int) + 1, SIDE)
        box = slice(low[0], high[0]), slice(low[1], high[1])
        y, x = np.arange(low[0], high[0])[:, None], np.arange(low[1], high[1])
        inside = leaf(y, x, centre, radius, generator)
        shown = paint(textures[generator.integers(N_TEXTURES)][box], generator)
        picture[box] = np.where(inside[..., None], shown, picture[box])
    return Image.fromarray(np.round(255 * np.clip(light * picture, 0, 1)).astype(np.uint8))


def leaf(
    y: np.ndarray, x: np.ndarray, centre: np.ndarray, radius: float, generator: np.random.Generator
) -> np.ndarray:
    """Whether each pixel is inside a leaf: an ellipse, or a rectangle, turned at random."""
    angle, ratio = generator.uniform(0, np.pi), generator.uniform(0.4, 1)
    down, right = y - centre[0], x - centre[1]
    along = (np.cos(angle) * right + np.sin(angle) * down) / radius
    across = (np.cos(angle) * down - np.sin(angle) * right) / (ratio * radius)
    if generator.random() < 0.5:
        return along**2 + across**2 <= 1
    # The corners of a rectangle lie on the circle.
    return np.maximum(np.abs(along), np.abs(across)) <= np.sqrt(0.5)


def draw_texture(generator: np.random.Generator) -> np.ndarray:
    """Grey noise with a random slope of its spectrum, mean 0 and deviation 1, (SIDE, SIDE)."""
    slope = generator.uniform(*SLOPES)
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE))
    frequency[0, 0] = np.inf
    amplitude = frequency**-slope
    noise = np.fft.irfft2(np.fft.rfft2(generator.standard_normal((SIDE, SIDE))) * amplitude)
    return (noise - noise.mean()) / noise.std()


def paint(texture: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A grey texture in random colours: around a mean, along a line through the cube of colours."""
    lightness, tint = generator.beta(3, 3.75), generator.normal(0, 0.06, 3)
    contrast = generator.exponential(0.08) * (1 + generator.normal(0, 0.2, 3))
    return lightness + tint + texture[..., None] * contrast
