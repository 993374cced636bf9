import cProfile, pstats, tempfile
from keyhouse.adapters.database import open_database, upgrade
from tests.contracts.test_rollups import History
d=tempfile.mkdtemp(); url=f"sqlite:///{d}/k.db"; upgrade(url); db=open_database(url)
h=History(db,1)
p=cProfile.Profile(); p.enable(); h.run(); p.disable()
pstats.Stats(p).sort_stats("cumtime").print_stats(45)
