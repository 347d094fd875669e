# Sourced by test.sh, quickstart.sh and .ci/run: what a Debian machine needs, installed only where it is
# missing, so that a machine that has it all needs no network.
# shellcheck shell=bash

build_packages=(g++ meson ninja-build pkg-config libxml2-dev libfmt-dev libreadline-dev libcap-dev
    libseccomp-dev libblkid-dev libnftables-dev libsystemd-dev libc6-dev)
test_packages=(python3 python3-dbus python3-gi dbus-daemon libgtest-dev libgmock-dev libbenchmark-dev busybox-static iproute2 iptables nftables dnsmasq-base e2fsprogs
    util-linux procps mmdebstrap debian-archive-keyring lxc patch)
bench_packages=(crun systemd-container) # and lxc, libvirt-daemon-driver-lxc, libvirt-clients: whatever of them there is takes part
ci_packages=(clang clang-format clang-tidy libclang-rt-dev ccache)
guest_packages=(python3 qemu-system-x86 mmdebstrap debian-archive-keyring e2fsprogs squashfs-tools)
quickstart_packages=(mmdebstrap debian-archive-keyring iproute2 busybox-static dnsmasq-base)

# say TEXT...: one line about what goes on.
say() {
    printf '==> %s\n' "$*"
}

need_root() {
    if [ "$(id -u)" -ne 0 ]; then
        printf '%s needs root. Type:\n    sudo %s\n' "$1" "$1" >&2
        exit 1
    fi
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_packages NAME...: fails where one is missing and cannot be had.
install_packages() {
    local package missing=()
    if ! command -v dpkg-query >/dev/null; then
        say "This is no Debian: make sure that the counterparts of these are installed: $*"
        return 0
    fi
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    say "Installing ${missing[*]}"
    if ! apt-get install -y --no-install-recommends "${missing[@]}" >/tmp/lxvirt-apt.log 2>&1; then
        # The lists may be old, or absent on a fresh machine.
        apt-get update >>/tmp/lxvirt-apt.log 2>&1 || true
        if ! apt-get install -y --no-install-recommends "${missing[@]}" \
            >>/tmp/lxvirt-apt.log 2>&1; then
            tail -n 20 /tmp/lxvirt-apt.log >&2
            printf 'These packages are needed and could not be installed: %s\n' "${missing[*]}" >&2
            return 1
        fi
    fi
}

# unpack_packages FOLDER NAME...: the files of packages, which are not installed, so that no service of theirs starts.
unpack_packages() {
    local folder=$1 fetched package status=1
    shift
    fetched=$(mktemp -d)
    if (cd "$fetched" && { apt-get download "$@" || { apt-get update && apt-get download "$@"; }; }); then
        status=0
        for package in "$fetched"/*.deb; do
            dpkg-deb -x "$package" "$fetched/files" || status=1
        done
    fi
    # All of it or nothing.
    [ $status -eq 0 ] && mkdir -p "$(dirname "$folder")" && rm -rf "$folder" && mv "$fetched/files" "$folder" || status=1
    rm -rf "$fetched"
    return $status
}
