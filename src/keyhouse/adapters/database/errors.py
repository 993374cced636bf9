"""What goes wrong in a database, in the words of the ports."""

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import (
    DatabaseError,
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from keyhouse.ports import Deadlocked, StoreUnavailable

_POSTGRES_DEADLOCK = "40P01"


@contextmanager
def translated() -> Generator[None]:
    """Raise what the ports promise instead of what the driver raises.

    A database that cannot be reached, is locked or gives up is
    `StoreUnavailable`, and `Deadlocked` where another transaction goes on in
    place of this one; a value that it cannot hold is `ValueError`. Faults of
    our own SQL and broken constraints pass as they are.
    """
    try:
        yield
    except PoolTimeout as error:
        raise StoreUnavailable("no connection was free in time") from error
    except DataError as error:
        raise ValueError(str(error.orig)) from error
    except (IntegrityError, ProgrammingError):
        raise
    except (DatabaseError, InterfaceError) as error:
        if getattr(error.orig, "sqlstate", None) == _POSTGRES_DEADLOCK:
            raise Deadlocked(str(error.orig)) from error
        raise StoreUnavailable(str(error.orig)) from error
    except DBAPIError:
        raise
    except StatementError as error:
        if not isinstance(error.orig, ValueError | TypeError):
            raise
        raise ValueError(str(error.orig)) from error
    except OverflowError as error:
        raise ValueError("a number does not fit in 64 bits") from error
