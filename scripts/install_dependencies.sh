#!/usr/bin/env bash
# Installs the Debian (12) or Ubuntu packages that Ronchi is built from: the one list of them, used
# by ./ronchi, by .ci/run and by hand. Does nothing when all are there; asks for sudo only when
# something is missing and you are not root.
#   scripts/install_dependencies.sh          install what is missing
#   scripts/install_dependencies.sh --list   print the names, install nothing
set -euo pipefail

packages=(
  build-essential cmake ninja-build ccache git pkg-config   # the build; git: the commit in records
  libtorch-dev libopenblas0-pthread                         # networks, on a fast BLAS
  libeigen3-dev libfftw3-dev libtbb-dev libhdf5-dev         # algebra, FFT, threads, records
  libabsl-dev libyaml-cpp-dev nlohmann-json3-dev            # status, configs, wire formats
  libcli11-dev libspdlog-dev libpng-dev libgif-dev          # command line, logging, pictures
  libxxhash-dev                                             # checksums
  cppzmq-dev libcbor-dev liblz4-dev                        # cameras' wires: ZeroMQ, CBOR, LZ4
  libprotobuf-dev protobuf-compiler libpugixml-dev          # protobuf, XML
  libtango-dev tango-test                                   # TANGO, and its own test device
  gemmi-dev tao-pegtl-dev libstb-dev                        # CIF and symmetry, with what gemmi includes
  libnlopt-dev librandom123-dev libboost-dev                # optimisers, Philox, Sobol
  libgtest-dev libgmock-dev libbenchmark-dev                # tests, benchmarks
  python3 python3-dev python3-venv ca-certificates          # the package, and its tests' from PyPI
)

if [[ ${1:-} == --list ]]; then
  printf '%s\n' "${packages[@]}"
  exit
fi
if ! command -v apt-get dpkg-query > /dev/null; then
  echo "No apt-get here. Ronchi is built from what these Debian packages hold: ${packages[*]}"
  exit
fi

# dpkg-query fails when it does not know a name: that package is missing.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2> /dev/null || true)
missing=()
for package in "${packages[@]}"; do
  [[ $'\n'$installed$'\n' == *$'\n'"installed $package"$'\n'* ]] || missing+=("$package")
done

if ((${#missing[@]})); then
  as_root=()
  if ((EUID != 0)); then
    command -v sudo > /dev/null || {
      echo "Please run as root: apt-get install --no-install-recommends ${missing[*]}"
      exit 1
    }
    as_root=(sudo)
  fi
  echo "Installing ${#missing[@]} packages (this can take minutes): ${missing[*]}"
  apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@"; }
  log=$(mktemp)
  { apt update && apt install -y --no-install-recommends "${missing[@]}"; } < /dev/null &> "$log" || {
    tail -n 30 "$log"
    echo "apt-get failed (above: its last lines; all of them: $log)"
    exit 1
  }
  rm -f "$log"
fi

blas=$(readlink -f /usr/lib/"$(uname -m)"-linux-gnu/libblas.so.3 || true)
if [[ -n $blas && $blas != *openblas* && $blas != *mkl* ]]; then
  echo "Note: libblas.so.3 is $blas, not OpenBLAS: networks will train slowly. To change it:"
  echo "  sudo update-alternatives --config libblas.so.3-$(uname -m)-linux-gnu"
fi
