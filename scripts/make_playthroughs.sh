#!/usr/bin/env bash
# Writes tests/golden/playthrough/<environment>.txt anew, for every environment. Review the diff.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
rm -f tests/golden/playthrough/*.txt
exec ./ronchi watch all --playthrough -o tests/golden/playthrough
