"""TAP for the tests in Python: a line per result, what was seen below a failure, the plan at the end."""
NOTE_MAX = 1500  # characters

_count = _failures = 0


def ok(good, name, *seen):
    global _count, _failures
    _count += 1
    _failures += not good
    print(f"{'ok' if good else 'not ok'} {_count} - {name}", flush=True)
    for note in () if good else seen:
        print("#  ", repr(note)[:NOTE_MAX], flush=True)


def skip(name, why):
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {why}", flush=True)


def skip_all(why):
    """What a test ends with that cannot run here."""
    print(f"1..0 # SKIP {why}")
    return 0


def finish():
    """What every other test ends with."""
    print(f"1..{_count}")
    return 1 if _failures or not _count else 0
