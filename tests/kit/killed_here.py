"""Death at the n-th commit point of an instance on the fake ledger: a commit of its store, or what it sends."""

from contextlib import contextmanager, suppress

SENDS = ("anchor", "change_status")


class Killed(BaseException):
    """The process ends here."""


class Points:
    """Counts the commit points that are passed, each before and after, and dies at the ``last`` one."""

    def __init__(self, instance, last):
        self._instance, self._last, self.passed = instance, last, 0

    def __enter__(self):
        store, ledger = self._instance.store, self._instance.ledger
        store.begin = self._committing(store.begin)
        for name in SENDS:
            setattr(ledger, name, self._sending(getattr(ledger, name)))
        return self

    def __exit__(self, *_):
        with suppress(AttributeError):
            del self._instance.store.begin
        for name in SENDS:
            with suppress(AttributeError):
                delattr(self._instance.ledger, name)

    def _pass(self):
        self.passed += 1
        if self.passed == self._last:
            raise Killed

    def _committing(self, real):
        @contextmanager
        def begin():
            with real() as connection:
                yield connection
                self._pass()
            self._pass()

        return begin

    def _sending(self, real):
        def send(*arguments, **options):
            self._pass()
            sent = real(*arguments, **options)
            self._pass()
            return sent

        return send


def lives(instance, act, recover):
    """Do ``act`` with a death at its first point, then its second, and so on; ``recover`` comes after each death.

    ``act`` is called with the number of the life. It yields twice: after what is made ready in peace, and at its end.
    Return how many deaths there were.
    """
    number = 0
    while True:
        number += 1
        doing = act(number)
        next(doing)
        try:
            with Points(instance, number):
                next(doing)
        except Killed:
            recover(number)
        else:
            return number - 1
