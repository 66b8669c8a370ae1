#!/bin/sh
# R with OpenBLAS and tinytest, and the rpy2 that fits that R. $1: the Python that gets rpy2.
set -eu
cd "$(dirname "$0")"
. ../apt.sh
python=$1

if ! command -v Rscript >/dev/null; then
    apt_install r-base-core libopenblas0-pthread r-cran-tinytest || { say "r: there is no Rscript on PATH"; exit 1; }
fi

# Debian's R comes with the slow reference BLAS unless OpenBLAS is there too.
case "$(Rscript --vanilla -e 'cat(extSoftVersion()[["BLAS"]])')" in
    *openblas*) ;;
    *libblas.so*) apt_install libopenblas0-pthread || say "r: goes on with the slow reference BLAS" ;;
esac
if ! Rscript --vanilla -e 'quit(status = !requireNamespace("tinytest", quietly = TRUE))'; then
    apt_install r-cran-tinytest || say "r: its own tests need tinytest: install.packages(\"tinytest\")"
fi

# Every rpy2 from 3.6 on needs R 4.5. What imports with this R is kept.
if ! "$python" -c 'import rpy2.rinterface_lib.openrlib' 2>/dev/null; then
    newest=$(Rscript --vanilla -e 'cat(getRversion() >= "4.5")')
    if [ "$newest" = TRUE ]; then rpy2='rpy2>=3.6'; else rpy2='rpy2>=3.5.17,<3.6'; fi
    say "installing $rpy2"
    "$python" -m pip install --quiet "$rpy2" || say "r: no rpy2 for this R; its native runner goes without"
fi
