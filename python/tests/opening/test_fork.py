"""fork() with a database open."""

FORK = """
import warnings; warnings.simplefilter("ignore", DeprecationWarning)  # of fork() with threads, which is what is tested
import os, quipu
store = quipu.RocksDBKVStore(sys.argv[1])
store.put("k", {"v": 1})
pid = os.fork()
if pid == 0:
    try:
        store.get("k")
    except quipu.ForkedError as error:
        os.write(1, b"refused\\n")
    sys.exit(7)
_, status = os.waitpid(pid, 0)
print("child", os.WEXITSTATUS(status), store.get("k"))
store.put("after", {})
store.close()
"""

CLOSED = """
import os, quipu
quipu.RocksDBKVStore(sys.argv[1]).close()
pid = os.fork()
if pid == 0:
    try:
        quipu.RocksDBKVStore(sys.argv[1])
    except quipu.ForkedError as error:
        os.write(1, b"refused\\n")
    sys.exit(7)
print("child", os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
"""

NEVER_OPENED = """
import os, quipu
pid = os.fork()
with quipu.RocksDBKVStore(sys.argv[1] + ("child" if pid == 0 else "parent")) as store:
    store.put("k", {})
if pid != 0:
    print("child", os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
"""


def test_child_is_refused_and_parent_works_on(path, run_python):
    ran = run_python(FORK, path)
    assert ran.stdout == "refused\nchild 7 {'v': 1}\n", ran.stderr
    assert (ran.returncode, ran.stderr) == (0, "")


def test_child_is_refused_after_a_close(path, run_python):
    """RocksDB's threads, which a child lacks, outlive the database."""
    ran = run_python(CLOSED, path)
    assert ran.stdout == "refused\nchild 7\n", ran.stderr


def test_child_of_a_process_that_opened_nothing_works(path, run_python):
    ran = run_python(NEVER_OPENED, path)
    assert ran.stdout == "child 0\n", ran.stderr
