"""What every journal must do, whatever it is made of.

Subclass `JournalContract` and say how to make one: all that its parts ask is then tried on it.
"""

from tests.contract.journal.burying import Burying
from tests.contract.journal.changing import Changing
from tests.contract.journal.finding import Finding
from tests.contract.journal.forgetting import Forgetting
from tests.contract.journal.reading import Reading
from tests.contract.journal.retrying import Retrying
from tests.contract.journal.settling import Settling
from tests.contract.journal.storing import Storing


class JournalContract(Reading, Storing, Settling, Retrying, Burying, Finding, Changing, Forgetting):
    """The parts, one file each. A part that is not named here is not run."""
