"""A strategy whose module loads what a lottery may need later."""

import numpy as np
from faulty import Good


class Heavy(Good):
    """Keeps no promise about how quickly it is imported."""

    zero = np.zeros(1)
