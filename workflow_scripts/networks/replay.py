"""A function on a GPU, recorded once and from then on launched as a whole."""

from collections.abc import Callable, Iterable

import torch

EAGER_CALLS = 3
"""Calls before the recording, in which libraries choose their kernels and optimisers make their
state."""


class Replay:
    """A function on a GPU that is recorded as a CUDA graph.

    A training step consists of hundreds of kernels. Each runs for a few microseconds, less than
    Python takes to launch it. A recorded step is a single launch of the same kernels, and gives the
    same numbers in every bit.

    Parameters
    ----------
    function : callable
        Takes tensors on the GPU, always of the same shapes, and returns nothing. It must not wait
        for the GPU.
    generators : iterable of torch.Generator
        On the GPU; all that the function draws from.
    """

    def __init__(
        self, function: Callable[..., None], generators: Iterable[torch.Generator]
    ) -> None:
        self._function, self._generators = function, list(generators)
        self._inputs: list[torch.Tensor] = []
        self._graph: torch.cuda.CUDAGraph | None = None
        self._n_calls = 0

    def __call__(self, *inputs: torch.Tensor | float) -> None:
        """Call the function; it receives numbers as tensors."""
        if self._n_calls == 0:
            device = next(value.device for value in inputs if isinstance(value, torch.Tensor))
            self._inputs = [
                torch.empty_like(value)
                if isinstance(value, torch.Tensor)
                else torch.full((), value, device=device)
                for value in inputs
            ]
        for kept, value in zip(self._inputs, inputs, strict=True):
            if isinstance(value, torch.Tensor):
                kept.copy_(value)
            else:
                kept.fill_(value)
        self._n_calls += 1
        if self._n_calls <= EAGER_CALLS:
            self._function(*self._inputs)
            return
        if self._graph is None:
            self._graph = self._record()
        self._graph.replay()

    def _record(self) -> torch.cuda.CUDAGraph:
        """The function as a graph; nothing is computed yet."""
        graph = torch.cuda.CUDAGraph()
        for generator in self._generators:
            graph.register_generator_state(generator)
        with torch.cuda.graph(graph):
            self._function(*self._inputs)
        return graph
