"""The rules of money: frozen dataclasses and pure functions, without clock, chance or I/O."""
