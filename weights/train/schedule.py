"""The learning rate's course: a linear warm-up, a flat part of any length, and a linear decay to zero that begins on demand.

Nothing of it depends on the run's length, which need not be known before the decay begins (arXiv 2405.18392).
"""
from dataclasses import dataclass


@dataclass
class Schedule:
    """Factors of the largest learning rate, by step."""

    warm_up_steps: int
    decay_start: int | None = None
    decay_steps: int = 0
    decay_from: float = 1.0

    def factor(self, step: int) -> float:
        if self.decay_start is None:
            return min(1.0, (step + 1) / self.warm_up_steps)
        return self.decay_from * max(0.0, 1 - (step - self.decay_start) / self.decay_steps)

    def begin_decay(self, step: int, steps: int) -> None:
        """Decays over `steps` steps from now on, from where the rate is; a decay that has begun goes on at the new pace.

        A run that is over begins a further decay from the full rate.
        """
        if self.is_over(step):
            self.decay_start = None
        self.decay_from, self.decay_start, self.decay_steps = self.factor(step), step, steps

    def is_over(self, step: int) -> bool:
        return self.decay_start is not None and step >= self.decay_start + self.decay_steps
