#!/bin/bash
# Installs what the tests need, builds, and runs every suite (or those named on the command line). The
# last line is "N passed, N failed, N skipped"; the exit status follows it.
#
#   sudo ./test.sh               all suites
#   sudo ./test.sh unit lint     some of them
#
# BUILD_FOLDER (build-test) and JOBS may be set. The system suite works in namespaces and roots of its
# own and leaves nothing behind.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")" || exit 1
. tests/support/packages.sh

build=${BUILD_FOLDER:-build-test}
jobs=${JOBS:-$(nproc)}
suites=("$@")

# give_up TEXT: for what keeps the tests from running at all.
give_up() {
    python3 tests/support/summary.py --failed "$1"
    exit 1
}

need_root ./test.sh
install_packages "${build_packages[@]}" "${test_packages[@]}" || give_up "packages could not be installed"

say "Building in $build"
if [ ! -f "$build/build.ninja" ]; then
    meson setup "$build" -Dtest_points=true >"/tmp/lxvirt-setup.log" 2>&1 || {
        cat /tmp/lxvirt-setup.log
        give_up "meson setup $build"
    }
fi
ninja -j "$jobs" -C "$build" || give_up "the build"

known=$(meson introspect --tests "$build" |
    python3 -c 'import json,sys; print("\n".join({s.split(":")[-1] for t in json.load(sys.stdin) for s in t["suite"]}))')
# What is quick comes first.
[ ${#suites[@]} -gt 0 ] || mapfile -t suites < <(
    sed 's/^lint$/0 &/; s/^unit$/1 &/; s/^system$/9 &/; t; s/^/5 /' <<<"$known" | sort | cut -d ' ' -f 2)
results=()
for suite in "${suites[@]}"; do
    if ! grep -qx "$suite" <<<"$known"; then
        results+=(--failed "suite $suite: there is none of that name, but: ${known//$'\n'/ }")
        continue
    fi
    say "Suite $suite"
    # What a program that crashes would leave of its last run must not count.
    rm -f "$build"/*.xml "$build/meson-logs/$suite.junit.xml"
    # Containers share the host's cgroups and bridges' names: one system test at a time.
    parallel=$jobs
    [ "$suite" = system ] && parallel=1
    meson test -C "$build" --no-rebuild --suite "$suite" --logbase "$suite" \
        --num-processes "$parallel" --print-errorlogs
    status=$?
    report=$build/meson-logs/$suite.junit.xml
    if [ -f "$report" ]; then
        results+=("$report")
        if [ $status -ne 0 ] && ! grep -qE '<(failure|error)\b' "$report"; then
            results+=(--failed "suite $suite: meson test ended with $status")
        fi
    else
        results+=(--failed "suite $suite: no report, meson test ended with $status")
    fi
done
echo
python3 tests/support/summary.py "${results[@]}"
