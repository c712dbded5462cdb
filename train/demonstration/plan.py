"""What the demonstration weights are made of: the simulated hospital and the four networks."""

from dataclasses import dataclass, replace

from cxr_valve.findings import FINDINGS
from train.recipe import Recipe
from train.simulate.plan import ExportPlan

TAG = "demonstration"
#: As many patients as the study had.
HOSPITAL = ExportPlan(patients=5638, seed=2019, side=320, structures=True)
FINDINGS_IN_ORDER = ("mr", "as")


@dataclass(frozen=True)
class MemberPlan:
    """One network of one finding.

    Attributes:
        finding: whose cohort it learns from.
        stages: recipes one after the other, each from where the one before ended.
        classifier: how the radiographs come on which the last layer is fitted in the end.
        start: name of the member whose features the first stage begins with, "" for none.
        real: also learn from real radiographs whose hearts were warped by simulated disease.
    """

    finding: str
    stages: tuple[Recipe, ...]
    classifier: Recipe
    start: str = ""
    real: bool = False

    @property
    def network(self) -> str:
        """The one network of the recipes."""
        return self.classifier.networks[0]

    @property
    def size(self) -> int:
        """Side of its input in pixels."""
        return self.classifier.size_of(self.network)

    @property
    def name(self) -> str:
        """Folder of the member in the work folder."""
        return f"{self.finding}-{self.network}"


#: Weight of keeping evidence to the finding's structures: the map concentrates there, and the AUC
#: stays what it was.
CONTAIN = 0.2


def _stages(network: str, small: tuple[int, int], large: tuple[int, int]) -> tuple[Recipe, ...]:
    """Most of the anatomy is learnt at a small size, four times as fast; then the size that ships.

    ``small`` and ``large`` are (pixels, epochs).
    """
    first = Recipe(
        networks=(network,),
        input_size=small[0],
        epochs=small[1],
        batch=32,
        ema=0.99,
        measure_weight=2.0,
        locate_weight=10.0,
    )
    return first, replace(first, input_size=large[0], epochs=large[1], rate=5e-4, warmup=0.1)


def _contained(stages: tuple[Recipe, ...]) -> tuple[Recipe, ...]:
    """The same, with the evidence of the last stage kept to the finding's structures."""
    return (*stages[:-1], replace(stages[-1], contain_weight=CONTAIN))


def _classifier(network: str, size: int) -> Recipe:
    return Recipe(networks=(network,), input_size=size, batch=32, contain_weight=CONTAIN)


_RESNET50 = _stages("resnet50", (128, 5), (192, 3))
MEMBERS = (
    MemberPlan(
        "mr",
        (*_RESNET50, replace(_RESNET50[-1], epochs=2, rate=3e-4)),
        _classifier("resnet50", 192),
        real=True,
    ),
    # The study's second ResNet50, on the first one's features: they know the whole anatomy, so
    # that one linear layer is all it takes, and a reading computes them once.
    MemberPlan("as", (), _classifier("resnet50", 192), start="mr-resnet50"),
    MemberPlan(
        "as",
        _contained(_stages("densenet121", (128, 4), (192, 2))),
        _classifier("densenet121", 192),
    ),
    MemberPlan(
        "as",
        _contained(_stages("inception_v3", (128, 3), (224, 1))),
        _classifier("inception_v3", 224),
    ),
)


def members_of(finding: str) -> tuple[MemberPlan, ...]:
    """The networks of a finding, in the order in which the study names them."""
    known = FINDINGS[finding].networks
    own = [member for member in MEMBERS if member.finding == finding]
    order = {network: place for place, network in enumerate(known)}
    return tuple(sorted(own, key=lambda member: order.get(member.network, len(known))))


def sees_real(member: MemberPlan) -> bool:
    """Did its features learn from real radiographs, here or in the member they start from?"""
    return member.real or any(sees_real(other) for other in MEMBERS if other.name == member.start)
