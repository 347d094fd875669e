# Sourced by quickstart.sh and the benchmark: root file systems to try containers with.
# shellcheck shell=bash

# make_busybox_rootfs FOLDER: a few KiB beside one static program, whose init starts a login prompt on the
# console. The folder appears when it is whole.
make_busybox_rootfs() {
    local folder=$1 new=$1.new applet
    [ -x "$folder/sbin/init" ] && return 0
    rm -rf "$new"
    mkdir -p "$new"/{bin,sbin,usr/bin,usr/sbin,etc,dev,proc,sys,tmp,run,root,mnt,var/log}
    cp "$(command -v busybox)" "$new/bin/busybox"
    for applet in $("$new/bin/busybox" --list); do
        [ "$applet" = busybox ] || ln -sf /bin/busybox "$new/bin/$applet"
    done
    ln -sf /bin/busybox "$new/sbin/init"
    cat >"$new/etc/inittab" <<'INITTAB'
::sysinit:/bin/echo "busybox init has started"
console::respawn:/bin/getty 38400 console
::ctrlaltdel:/bin/reboot
INITTAB
    echo 'root::0:0:root:/root:/bin/sh' >"$new/etc/passwd"
    echo 'root:x:0:' >"$new/etc/group"
    echo console >"$new/etc/securetty"
    mv "$new" "$folder"
}

# make_debian_rootfs FOLDER LOG [SUITE]: Debian (12) with systemd by mmdebstrap; fails where no mirror answers. The
# folder appears when it is whole.
make_debian_rootfs() {
    local folder=$1 log=$2 suite=${3:-bookworm} new=$1.new
    [ -x "$folder/sbin/init" ] && return 0
    rm -rf "$new"
    mkdir -p "$(dirname "$folder")"
    timeout 900 mmdebstrap --variant=minbase \
        --include=systemd,systemd-sysv,dbus,login,iproute2 \
        "$suite" "$new" >"$log" 2>&1 || {
        rm -rf "$new"
        return 1
    }
    passwd -q -R "$new" -d root || true
    echo debian >"$new/etc/hostname"
    mv "$new" "$folder"
}
