#!/bin/sh
# Installs what is missing (Debian's packages; as root or with sudo) and builds Deskline in ./build.
#
#   ./bootstrap.sh                 packages for building and running, configure, make
#   ./bootstrap.sh --demo          the packages that the demonstration needs, too
#   ./bootstrap.sh --tests         the packages that the tests need, too
#   ./bootstrap.sh --packages      packages only, no build
set -eu
cd "$(dirname "$0")"

build_packages="gcc make autoconf automake libtool pkg-config libevent-dev libssl-dev zlib1g-dev libsqlite3-dev
  libinih-dev libjansson-dev libtiff-dev libjpeg62-turbo-dev libpng-dev libsane-dev libcups2-dev libqpdf-dev
  libpango1.0-dev libsystemd-dev"
# The libraries come with those above. A letter in a text that is printed needs a font; scanimage shows the scanners.
run_packages="fonts-dejavu-core sane-utils"
# A driverless printer, and the program that counts the sheets it is given.
demo_packages="cups-ipp-utils qpdf"
test_packages="$demo_packages check clang libclang-rt-14-dev poppler-utils libtiff-tools netpbm openssl strace mandoc
  systemd bash-completion procps xz-utils cups-daemon cups-client cups-filters expect tmux python3 jq util-linux mount"

packages="$build_packages $run_packages"
build=yes
for option in "$@"; do
    case $option in
    --demo) packages="$packages $demo_packages" ;;
    --tests) packages="$packages $test_packages" ;;
    --packages) build=no ;;
    *)
        echo "usage: $0 [--demo] [--tests] [--packages]" >&2
        exit 2
        ;;
    esac
done

missing=
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
        missing="$missing $package"
done
if [ -n "$missing" ]; then
    as_root=
    [ "$(id -u)" = 0 ] || as_root=sudo
    echo "installing:$missing"
    $as_root apt-get -q update >/dev/null
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $as_root apt-get -q -y --no-install-recommends install $missing >/dev/null
fi
[ "$build" = yes ] || exit 0

[ -x configure ] || autoreconf -fi
mkdir -p build
cd build
[ -f Makefile ] || ../configure -q --prefix=/usr --sysconfdir=/etc --localstatedir=/var --runstatedir=/run
make -s -j"$(nproc)"
echo "built in $(pwd); 'make install' there installs it, ../demo.sh shows it at work"
