"""What the tests of the analysts' tool alone share: no server, one folder that
is set up once, and a function for each thing that must hold.
"""
import os
import sys
import tempfile
import traceback


def run_deeds(module, set_up, *helpers):
    """Run every function of the module whose name has more than one word, but
    not set_up and the helpers; or those named behind the programs."""
    tests = [f for f in vars(module).values()
             if callable(f) and f is not set_up and f not in helpers and
             getattr(f, "__module__", "") == module.__name__ and
             "_" in f.__name__]
    only = [word for word in sys.argv[1:] if hasattr(module, word)]
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        os.umask(0o077)
        set_up()
        for test in tests:
            if only and test.__name__ not in only:
                continue
            try:
                test()
            except Exception:
                traceback.print_exc()
                print("FAILED", test.__name__)
                return 1
            print("ok ", test.__name__, flush=True)
        os.chdir("/")
    return 0
