"""Random starts of the weights, one idea a file.

Fan-in and fan-out are arguments: on a stack [M, in, out] `torch.nn.init` would take in * out for the fan-in. Every
draw comes from the member's own generator, so member m starts alike in a stack of any size.
"""

from uncertainty.components.initializers.initializer import Initializer

__all__ = ["Initializer"]
