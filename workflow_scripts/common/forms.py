"""Forms of a setting: a type with its limits, for configuration keys and parameters in galleries.

A parameter of a method, metric or architecture is annotated with one of these names, ``bool`` or a
``Literal[...]``; the annotation is all that the configuration needs to accept or refuse a value.
"""

from typing import Annotated

from annotated_types import Ge, Gt, Le, Len, Lt

LARGEST = 2**31 - 1
"""Largest whole number of a setting: what every library that counts with 32 bits can take."""

MOST = 10_000
"""Most repetitions, dimensions and pixels of a side of which a machine still sees the end."""

CROWD = 10_000_000
"""Most images, units or positions. As many images of 64 x 64 pixels take 123 GB."""

HUGE = 1e12
"""Largest number with a fraction, far from where its square overflows in single precision."""

PositiveNumber = Annotated[float, Gt(0), Le(HUGE)]
NotNegative = Annotated[float, Ge(0), Le(HUGE)]
Share = Annotated[float, Ge(0), Le(1)]
PositiveShare = Annotated[float, Gt(0), Le(1)]
ShareBelowOne = Annotated[float, Ge(0), Lt(1)]
OpenShare = Annotated[float, Gt(0), Lt(1)]
Count = Annotated[int, Ge(1), Le(MOST)]
CountFromTwo = Annotated[int, Ge(2), Le(MOST)]
Size = Annotated[int, Ge(1), Le(CROWD)]
Seed = Annotated[int, Ge(0), Le(LARGEST)]
PositiveNumbers = Annotated[list[PositiveNumber], Len(1)]
ChannelMultiplier = Annotated[float, Ge(1 / 64), Le(64)]
"""Multiplier of channel counts: at 1/64, the 64 channels of AlexNet's first layer are one."""

ShortText = Annotated[str, Len(1, 200)]
FilePath = Annotated[str, Len(1, 1000)]
