"""voxrun runs unmodified VoxEngine scenarios on your own machine.

The rooms of the house are described in ARCHITECTURE.md at the top of the repository.
"""

__version__ = "0.1.0"
