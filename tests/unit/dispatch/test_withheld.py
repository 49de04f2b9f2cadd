"""Events that are withheld while people are erased, of each until its own erasure is over."""

from relay.dispatch.withheld import Withheld
from relay.journal.entry import Pending
from tests.given.event.builders import pending


def test_what_one_erasure_withholds_is_free_after_it_and_no_other() -> None:
    of_ada, of_bob, of_nobody = (pending(offset) for offset in range(3))

    def ada(pending: Pending) -> bool:
        return pending is of_ada

    def bob(pending: Pending) -> bool:
        return pending is of_bob

    withheld = Withheld()
    withheld.add(ada)
    withheld.add(bob)
    withheld.release(ada)
    assert withheld.wanted([of_ada, of_bob, of_nobody]) == [of_nobody]
    withheld.renew()
    assert withheld.wanted([of_ada, of_bob, of_nobody]) == [of_ada, of_nobody]
    withheld.release(bob)
    withheld.renew()
    assert not withheld
    withheld.add(bob)
    withheld.renew()
    assert withheld.wanted([of_bob]) == []
