"""The way of a deal: an ordered row of stages, each with its usual chance of winning."""

from dataclasses import dataclass

from chassis.errors import Invalid


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline.

    Attributes:
        position: 1 is the first.
        probability: Usual chance of winning from here, in percent.
    """

    code: str
    name_zh: str
    name_en: str
    position: int
    probability: int


@dataclass(frozen=True)
class Pipeline:
    """Stages in order; won and lost are no stages but ends, reached by commands of their own."""

    id: str
    code: str
    name_zh: str
    name_en: str
    stages: tuple[Stage, ...]

    def stage(self, code: str) -> Stage:
        """Return a stage by code.

        Raises:
            Invalid: `not_a_choice` at `stage`.
        """
        for stage in self.stages:
            if stage.code == code:
                return stage
        choices = [stage.code for stage in self.stages]
        raise Invalid.field("#/stage", "not_a_choice", choices=choices)

    def after(self, code: str) -> Stage | None:
        """Return the stage that follows; None after the last."""
        position = self.stage(code).position
        return next((stage for stage in self.stages if stage.position > position), None)
