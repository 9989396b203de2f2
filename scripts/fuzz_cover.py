"""Of the files in a control file of libFuzzer's -merge=1, those of a folder that together reach most.

fuzz_cover.py <control file> <folder> <how many>: their paths, the one with most new code first.
"""

import os
import sys


def features_by_file(control):
    """The format is libFuzzer's FuzzerMerge.h: two counts, the names, then lines "FT number feature…"."""
    lines = open(control, encoding="utf-8", errors="replace").read().split("\n")
    names = lines[2 : 2 + int(lines[0])]
    reached = {name: set() for name in names}
    for line in lines[2 + len(names) :]:
        words = line.split()
        if words and words[0] == "FT":
            reached[names[int(words[1])]].update(map(int, words[2:]))
    return reached


def main():
    control, folder, most = sys.argv[1], sys.argv[2], int(sys.argv[3])
    reached = features_by_file(control)
    inside = {name for name in reached if os.path.dirname(name) == folder}
    # What the good files and those kept before reach needs no more files.
    done = set().union(*(reached[name] for name in reached if name not in inside))
    for _ in range(most):
        best = max(sorted(inside), key=lambda name: len(reached[name] - done), default=None)
        if best is None or not reached[best] - done:
            break
        print(best)
        done |= reached[best]
        inside.remove(best)


main()
