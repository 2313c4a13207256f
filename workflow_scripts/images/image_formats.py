"""Formats of images that are opened; PIL starts other programs for some, whatever a file's name."""

IMAGE_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
