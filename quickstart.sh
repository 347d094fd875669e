#!/bin/bash
# From a fresh checkout to a running Debian container: installs what is needed, builds, makes a root file
# system, and shows define, start, console, dominfo, a NAT network with its leases, shutdown and undefine.
#
#   sudo ./quickstart.sh           the whole demonstration; a second run takes seconds
#   sudo ./quickstart.sh --keep    leaves the container running and prints how to go on
#   sudo ./quickstart.sh --busybox takes a small busybox root file system instead of Debian
#
# All state is below a root of its own, and the network is a namespace of its own: the machine's bridges,
# /etc and containers are left alone. What stays is the build and the root file system in /var/cache/lxvirt.
set -euo pipefail
self=$(readlink -f "$0")
cd "$(dirname "$self")"
. tests/support/packages.sh
. tests/support/rootfs.sh

cache=${LXVIRT_CACHE:-/var/cache/lxvirt}
root=${LXVIRT_ROOT:-/var/tmp/lxvirt-quickstart}
build=${BUILD_FOLDER:-build}
name=libvirt_container1
uri="lxc:///embed?root=$root"
keep=no
system=debian
inside=no

usage() {
    sed -n '2,10s/^# \{0,1\}//p' "$0"
}

for argument in "$@"; do
    case $argument in
        --keep) keep=yes ;;
        --help | -h) usage; exit 0 ;;
        --busybox) system=busybox ;;
        --inside) inside=yes ;; # below, in the network namespace
        *) usage >&2; exit 1 ;;
    esac
done
need_root ./quickstart.sh

# patiently TEXT COMMAND...: says what takes long, shows that it is alive, and how long it took.
patiently() {
    local text=$1 started=$SECONDS pid status=0
    shift
    printf '==> %s ' "$text"
    "$@" </dev/null &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 1
        (((SECONDS - started) % 3)) || printf .
    done
    wait "$pid" || status=$?
    printf ' %d s\n' $((SECONDS - started))
    return $status
}

# What the demonstration runs, and nothing else.
programs=(shell/lxsh helper/lxc_helper driver/lxc_agent netd/lxnetd)

# A build folder of its own is set up for a short build: headers compiled once, no debug information, a little
# optimisation. One that is there already is taken as it is.
set_up_build() {
    : >/tmp/lxvirt-build.log
    [ -f "$build/build.ninja" ] ||
        meson setup "$build" -Dtests=false -Db_pch=true -Doptimization=1 -Ddebug=false >/tmp/lxvirt-build.log 2>&1
}

# bar DONE ALL SECONDS
bar() {
    local width=40 full
    full=$((width * $1 / $2))
    printf '\r    [%s%s] %d of %d steps, %d s ' "$(printf '%*s' $full '' | tr ' ' '#')" \
        "$(printf '%*s' $((width - full)) '' | tr ' ' .)" "$1" "$2" "$3"
}

# Says what is built, and shows a bar on a terminal, a line for each quarter elsewhere.
build_programs() {
    local started=$SECONDS line done=0 all=1 told=0
    set_up_build || return 1
    say "Building ${programs[*]##*/} in $build (one to three minutes on 2 cores the first time)"
    # Ninja speaks in lines "12/150 TEXT" where its output is no terminal.
    while IFS= read -r line; do
        printf '%s\n' "$line" >>/tmp/lxvirt-build.log
        [[ $line =~ ^([0-9]+)/([0-9]+)\  ]] || continue
        done=${BASH_REMATCH[1]} all=${BASH_REMATCH[2]}
        if [ -t 1 ]; then
            bar "$done" "$all" $((SECONDS - started))
        elif ((4 * done / all > told)); then
            told=$((4 * done / all))
            say "$done of $all steps, $((SECONDS - started)) s"
        fi
    done < <(NINJA_STATUS='%f/%t ' ninja -C "$build" "${programs[@]}" 2>&1 || echo "the build has failed")
    [ ! -t 1 ] || printf '\n'
    ! tail -n 1 /tmp/lxvirt-build.log | grep -qx 'the build has failed'
}

# Sets $rootfs.
choose_rootfs() {
    rootfs=$cache/debian-bookworm
    if [ "$system" = busybox ]; then
        use_busybox
        return
    fi
    if [ -x "$rootfs/sbin/init" ]; then
        say "Using the Debian root file system in $rootfs"
        return
    fi
    if install_packages "${quickstart_packages[@]}" &&
        patiently "Making a Debian root file system in $rootfs (a minute or so)" \
            make_debian_rootfs "$rootfs" /tmp/lxvirt-mmdebstrap.log; then
        return
    fi
    say "No Debian mirror answers (see /tmp/lxvirt-mmdebstrap.log): taking a busybox root file system"
    use_busybox
}

use_busybox() {
    rootfs=$cache/busybox
    make_busybox_rootfs "$rootfs"
    say "Using the busybox root file system in $rootfs"
}

# The command as one would type it, and what it prints.
lxsh() {
    printf '\n$ lxsh %s\n' "$*"
    "$build/shell/lxsh" -c "$uri" "$@"
}

write_definition() {
    cat >"$root/$name.xml" <<XML
<domain type='lxc'>
  <name>$name</name>
  <uuid>6a46bd23-f0df-461b-85e7-19fd36be90df</uuid>
  <memory unit='KiB'>524288</memory>
  <vcpu>1</vcpu>
  <os>
    <type>exe</type>
    <init>/sbin/init</init>
  </os>
  <features>
    <capabilities policy='allow'/>
  </features>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/lib/libvirt/libvirt_lxc</emulator>
    <filesystem type='mount' accessmode='passthrough'>
      <source dir='$rootfs'/>
      <target dir='/'/>
    </filesystem>
    <interface type='network'>
      <mac address='00:17:4e:9f:36:f8'/>
      <source network='default'/>
      <link state='up'/>
    </interface>
    <console type='pty'/>
  </devices>
</domain>
XML
}

is_running() {
    [ "$("$build/shell/lxsh" -q -c "$uri" domstate "$name" | head -n 1)" != "shut off" ]
}

# What an earlier run left, with --keep or because it was interrupted.
clean() {
    [ -d "$root" ] || return 0
    "$build/shell/lxsh" -q -c "$uri" destroy "$name" >/dev/null 2>&1 || true
    "$build/shell/lxsh" -q -c "$uri" undefine "$name" >/dev/null 2>&1 || true
    "$build/shell/lxsh" -q -c "$uri" net-destroy default --force >/dev/null 2>&1 || true
    rm -rf "$root"
}

go_on() {
    local shell=$PWD/$build/shell/lxsh
    cat <<TEXT

The container is running. Go on with:

  export LIBVIRT_DEFAULT_URI='$uri'
  sudo -E $shell console $name     # user root, no password; leave with ^]
  sudo -E $shell                   # the shell; 'help' lists its commands
  sudo -E $shell destroy $name

or run ./quickstart.sh again, which begins anew. The network is in a network namespace of its own; after
the destroy, net-destroy default and net-start default bring it into this one.
TEXT
}

# Runs in a network namespace of its own.
demonstrate() {
    ip link set lo up
    mkdir -p "$root"
    write_definition
    lxsh net-define examples/networks/default.xml
    lxsh net-start default
    lxsh net-list
    lxsh define "$root/$name.xml"
    lxsh list --all
    printf '\n$ lxsh start %s --console      (until the login prompt, then ^])\n' "$name"
    python3 tests/support/console_until.py 'login:' 120 \
        "$build/shell/lxsh" -c "$uri" start "$name" --console
    lxsh list --all
    lxsh dominfo "$name"
    show_lease
    [ $keep = no ] || return 0
    lxsh shutdown "$name"
    stop_patiently
    lxsh undefine "$name"
    lxsh net-destroy default
    lxsh list --all
}

# A Debian of this kind asks for an address by itself; where the init does not, we do it for it.
show_lease() {
    local pid
    if ! leased 20; then
        pid=$(sed -n 's/^init_pid=//p' "$root/run/lxvirt/lxc/$name/status")
        say "The container has not asked for an address: asking in its network namespace"
        timeout 10 nsenter -t "$pid" -n busybox udhcpc -i eth0 -n -q -f -x "hostname:$name" \
            -s /bin/true >/dev/null 2>&1 || true
    fi
    lxsh net-dhcp-leases default
    lxsh domifaddr "$name"
}

# leased TENTHS: whether the network has given out an address by then.
leased() {
    local tenth
    for ((tenth = 0; tenth < $1; tenth++)); do
        [ ! -s "$root/run/lxvirt/network/default/leases" ] || return 0
        sleep 0.1
    done
    return 1
}

# An init that does not listen within ten seconds is ended.
stop_patiently() {
    local started=$SECONDS
    while is_running; do
        if ((SECONDS - started >= 10)); then
            lxsh destroy "$name"
            return
        fi
        sleep 0.1
    done
    lxsh domstate "$name" --reason
}

if [ $inside = yes ]; then
    rootfs=$QUICKSTART_ROOTFS
    demonstrate
    exit
fi

install_packages "${build_packages[@]}" python3 iproute2 busybox-static dnsmasq-base
build_programs || {
    tail -n 40 /tmp/lxvirt-build.log >&2
    exit 1
}
choose_rootfs
clean
# Whatever ends this before its time, ^C included, leaves nothing behind.
trap clean EXIT
arguments=(--inside)
[ $keep = no ] || arguments+=(--keep)
QUICKSTART_ROOTFS=$rootfs unshare --net "$self" "${arguments[@]}"
if [ $keep = yes ]; then
    trap - EXIT
    go_on
else
    say "Done: what stays is the build in $build and the root file system in $rootfs"
fi
