#!/usr/bin/env bash
# Gets the program, in this order: the file that `binary` names; built from the action's own source, with `build`; else the
# archive of a release, which must have the SHA-256 that `sha256` or releases.txt gives, or be vouched for by the
# release workflow's attestation. Writes the outputs `path` and `version`.
set -euo pipefail
here=$(cd "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=.github/action/common.sh
. "$here/common.sh"

sha256_of() {
    if command -v sha256sum >/dev/null; then
        sha256sum <"$1" | cut -d ' ' -f 1
    else
        shasum -a 256 <"$1" | cut -d ' ' -f 1
    fi
}

check_sha256() {
    local found
    found=$(sha256_of "$1")
    [[ $found == "$2" ]] || die "$3 has the SHA-256 $found and not $2: it is not used. Check the input sha256 and where the file comes from"
}

# The Rust target of the runner, as releases are built for.
target() {
    case ${RUNNER_OS:-}-${RUNNER_ARCH:-} in
        Linux-X64) echo x86_64-unknown-linux-musl ;;
        Linux-ARM64) echo aarch64-unknown-linux-musl ;;
        macOS-X64) echo x86_64-apple-darwin ;;
        macOS-ARM64) echo aarch64-apple-darwin ;;
        # Windows on ARM runs programs for x64.
        Windows-X64 | Windows-ARM64) echo x86_64-pc-windows-msvc ;;
        *) return 1 ;;
    esac
}

built() {
    command -v cargo >/dev/null ||
        die "build: true needs Rust on the runner: add a step that installs it, or leave build out to download a release"
    local into=$RUNNER_TEMP/hopx-leaks-build
    (cd "$here/../.." && cargo build --release --locked --bin hopx-leaks --target-dir "$into") >&2 ||
        die "building hopx-leaks failed; the log of this step says why"
    program=$into/release/hopx-leaks
}

downloaded() {
    local version=$HOPX_ACTION_VERSION sha256=$HOPX_ACTION_SHA256 target archive known folder
    version=${version#v}
    target=$(target) ||
        die "there is no release for ${RUNNER_OS:-this system} on ${RUNNER_ARCH:-this processor}: install hopx-leaks and name it with the input binary, or use build: true"
    if [[ -z $version ]]; then
        version=$(sed -n 's/^\([0-9][^ ]*\) .*/\1/p' "$here/releases.txt" | tail -n 1)
        [[ -n $version ]] ||
            die "this version of the action knows of no release: use one that does, or name a program with the input binary, or use build: true"
    fi
    [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] ||
        die "input version: \"$version\" is no version such as 0.1.0"
    if [[ -z $sha256 ]]; then
        sha256=$(awk -v version="$version" -v target="$target" '$1 == version && $2 == target { print $3 }' "$here/releases.txt")
    fi
    [[ -n $HOPX_ACTION_REPOSITORY ]] ||
        die "the runner does not say which repository the action comes from, so there is nowhere to download from: use the input binary, or build: true"

    folder=$(mktemp -d "$RUNNER_TEMP/hopx-leaks-download-XXXXXX")
    archive=hopx-leaks-v$version-$target.tar.gz
    local address=$HOPX_ACTION_SERVER/$HOPX_ACTION_REPOSITORY/releases/download/v$version/$archive
    curl --proto '=https' --tlsv1.2 --fail --location --silent --show-error --retry 3 --max-time 300 \
        --output "$folder/$archive" "$address" ||
        die "$address could not be downloaded: check the input version, and that the runner reaches $HOPX_ACTION_SERVER; where it can't, use the input binary"
    if [[ -n $sha256 ]]; then
        check_sha256 "$folder/$archive" "$sha256" "$address"
    else
        # Of a release that this commit of the action does not know: its workflow must have made it.
        known="its SHA-256 is not known to this version of the action; give the input sha256"
        command -v gh >/dev/null || die "$archive is not used: $known, or install gh, which checks its attestation"
        gh attestation verify "$folder/$archive" --repo "$HOPX_ACTION_REPOSITORY" \
            --signer-workflow "$HOPX_ACTION_REPOSITORY/.github/workflows/release.yml" >&2 ||
            die "$archive is not used: gh finds no attestation of the release workflow for it, and $known"
    fi
    tar -xzf "$folder/$archive" -C "$folder" || die "$address is no archive that can be unpacked"
    program=$folder/${archive%.tar.gz}/hopx-leaks
    [[ $RUNNER_OS != Windows ]] || program=$program.exe
}

program=
if [[ -n $HOPX_ACTION_BINARY ]]; then
    program=$(command -v -- "$HOPX_ACTION_BINARY") ||
        die "input binary: there is no program \"$HOPX_ACTION_BINARY\""
    # The scan runs in another folder.
    [[ $program == /* || $program == ?:* ]] || program=$PWD/$program
    [[ -z $HOPX_ACTION_SHA256 ]] || check_sha256 "$program" "$HOPX_ACTION_SHA256" "$program"
elif is_true build "$HOPX_ACTION_BUILD"; then
    built
else
    downloaded
fi

version=$("$program" --version) || die "$program does not run on this machine"
[[ $version =~ ^hopx-leaks\ ([0-9A-Za-z.+-]+)$ ]] || die "$program is no hopx-leaks"
output path "$program"
output version "${BASH_REMATCH[1]}"
echo "hopx-leaks ${BASH_REMATCH[1]}"
