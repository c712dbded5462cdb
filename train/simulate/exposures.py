"""How each radiograph of a simulated patient was taken: decided before anything is drawn."""

import numpy as np

from cxr_valve.phantom.build import Build, Exposure, sample_build, sample_exposure
from train.simulate.people import Person, Shot

#: What a random stream is for, within (seed, patient): 0 and 1 are the person and the records.
_BUILD, _EXPOSURE, _BODY, _LOOK = 2, 3, 4, 5


def build_of(seed: int, person: Person) -> Build:
    """The build of a patient, the same in all their radiographs."""
    rng = np.random.default_rng([seed, person.number, _BUILD])
    return sample_build(rng, person.shots[0].heart)


def exposure_of(seed: int, person: Person, shot: Shot) -> Exposure:
    """How a frontal radiograph was taken: its projection, field, breath and pose."""
    rng = np.random.default_rng([seed, person.number, _EXPOSURE, shot.number])
    return sample_exposure(rng, shot.heart, build_of(seed, person))


def body_of(seed: int, person: Person) -> np.random.Generator:
    """A fresh stream of the anatomy that belongs to the patient."""
    return np.random.default_rng([seed, person.number, _BODY])


def look_of(seed: int, person: Person, shot: Shot) -> np.random.Generator:
    """A fresh stream of what belongs to one radiograph."""
    return np.random.default_rng([seed, person.number, _LOOK, shot.number])
