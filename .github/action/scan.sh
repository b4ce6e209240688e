#!/usr/bin/env bash
# Decides what the event asks to be looked at, scans it once, and shows what was found: text in the log, annotations, the
# job's summary, SARIF and JSON files, outputs. Always ends with 0 once the program ran, whose status is the output
# `exit-code`; the last step of the action ends with it.
set -euo pipefail
here=$(cd "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=.github/action/common.sh
. "$here/common.sh"

readonly zeros='^0+$' escape=$'\033'

# git is asked for two facts of the clone, and runs nothing of it. In a container the clone may be another user's.
in_clone() {
    GIT_NO_LAZY_FETCH=1 git -c safe.directory='*' "$@" 2>/dev/null
}
has_commit() {
    in_clone cat-file -e "$1^{commit}"
}
is_shallow() {
    [[ $(in_clone rev-parse --is-shallow-repository) != false ]]
}

# A revision that was given, which goes into a range as it is.
check_revision() {
    case $2 in
        -* | *..* | *[[:space:]]* | ^*) die "input $1: \"$2\" is no revision" ;;
    esac
}

# Sets `base` and `head` from the event; an empty `base` is for all that `head` reaches. An empty `head`: no commits came.
base='' head=''
ends_of_event() {
    local default=refs/remotes/origin/$HOPX_ACTION_DEFAULT_BRANCH
    case $HOPX_ACTION_EVENT in
        pull_request | pull_request_target)
            base=$HOPX_ACTION_PULL_BASE head=$HOPX_ACTION_PULL_HEAD
            ;;
        merge_group)
            base=$HOPX_ACTION_GROUP_BASE head=$HOPX_ACTION_GROUP_HEAD
            ;;
        push)
            head=$HOPX_ACTION_PUSH_AFTER
            if [[ $head =~ $zeros ]]; then
                head=
                return
            fi
            # The checkout of a tag may have its commit alone.
            if [[ $HOPX_ACTION_REF == refs/tags/* ]] && ! in_clone cat-file -e "$head"; then
                notice "the tag's own message is not in the clone and is not looked at; git fetch --force --tags before this step brings it"
                head=$HOPX_ACTION_SHA
            fi
            base=$HOPX_ACTION_PUSH_BEFORE
            if ! [[ $base =~ $zeros ]] && { has_commit "$base" || is_shallow; }; then
                return # In a shallow clone the program says what to do.
            fi
            # A new branch or tag, or one whose old commits are gone since the push was forced.
            if [[ $HOPX_ACTION_REF == "refs/heads/$HOPX_ACTION_DEFAULT_BRANCH" ]]; then
                base=
            elif has_commit "$default"; then
                base=$default
            elif is_shallow; then
                die "the clone is shallow, so nobody can tell which commits are new: use actions/checkout with fetch-depth: 0"
            else
                notice "$default is not in the clone, so all commits of this branch are looked at"
                base=
            fi
            ;;
    esac
}

if [[ $HOPX_ACTION_EVENT == pull_request_target ]] && ! is_true allow-pull-request-target "$HOPX_ACTION_ALLOW_TARGET"; then
    die "hopx-leaks does not run on pull_request_target, where anybody's change meets this repository's secrets: use pull_request, which works for forks too, or set allow-pull-request-target: true"
fi
[[ -d $HOPX_ACTION_DIRECTORY ]] || die "input working-directory: there is no folder \"$HOPX_ACTION_DIRECTORY\""
cd -- "$HOPX_ACTION_DIRECTORY"
check_revision base "$HOPX_ACTION_BASE"
check_revision head "$HOPX_ACTION_HEAD"
check_revision config-from "$HOPX_ACTION_CONFIG_FROM"

mode=$HOPX_ACTION_MODE
case $mode in
    auto | range | worktree | history | audit) ;;
    *) die "input mode: \"$mode\" is none of auto, range, worktree, history and audit" ;;
esac
ends_of_event
[[ -z $HOPX_ACTION_BASE ]] || base=$HOPX_ACTION_BASE
[[ -z $HOPX_ACTION_HEAD ]] || head=$HOPX_ACTION_HEAD
if [[ $mode == auto ]]; then
    if [[ -n $head || -n $base ]]; then mode=range; else mode=audit; fi
    if [[ $HOPX_ACTION_EVENT == push && $mode == audit ]]; then
        notice "a branch was deleted, and nothing came with that"
        output exit-code 0
        output findings 0
        output complete true
        exit 0
    fi
fi

arguments=()
case $mode in
    range)
        [[ -n $head || -n $base ]] ||
            die "the event $HOPX_ACTION_EVENT brings no commits: give base and head, or another mode"
        [[ $HOPX_ACTION_PATH == . ]] || die "input path goes with mode worktree, history or audit; a range has all its paths"
        range=${base:+$base..}${head:-HEAD}
        arguments+=(commits "$range")
        output scanned-range "$range"
        ;;
    worktree) arguments+=(scan) ;;
    history | audit) arguments+=("$mode") ;;
esac
output mode "$mode"

reports=$(mktemp -d "$RUNNER_TEMP/hopx-leaks-XXXXXX")
arguments+=(--color always --progress never --fail-on "$HOPX_ACTION_FAIL_ON" -o "json=$reports/report.json" -o "jsonl=$reports/report.jsonl")
if is_true annotations "$HOPX_ACTION_ANNOTATIONS"; then arguments+=(-o "github=$reports/annotations"); fi
if is_true summary "$HOPX_ACTION_SUMMARY"; then arguments+=(-o "markdown=$reports/summary.md"); fi
if is_true sarif "$HOPX_ACTION_SARIF"; then arguments+=(-o "sarif=$reports/hopx-leaks.sarif"); fi
if is_true verify "$HOPX_ACTION_VERIFY"; then arguments+=(--verify); fi
[[ -z $HOPX_ACTION_CONFIG ]] || arguments+=(--config "$HOPX_ACTION_CONFIG")
[[ -z $HOPX_ACTION_BASELINE ]] || arguments+=(--baseline "$HOPX_ACTION_BASELINE")
case $HOPX_ACTION_CONFIG_FROM in
    worktree) ;;
    # The change must not vouch for itself. Where no commit is before it, there is nothing to read.
    base | "") [[ -z $base ]] || arguments+=(--config-from "$base") ;;
    *) arguments+=(--config-from "$HOPX_ACTION_CONFIG_FROM") ;;
esac
while IFS= read -r line || [[ -n $line ]]; do
    line=${line%$'\r'}
    [[ -z $line ]] || arguments+=("$line")
done <<<"$HOPX_ACTION_ARGS"
if [[ $mode != range ]]; then
    arguments+=(--)
    while IFS= read -r line || [[ -n $line ]]; do
        line=${line%$'\r'}
        [[ -z $line ]] || arguments+=("$line")
    done <<<"$HOPX_ACTION_PATH"
fi

# Whatever the program prints is no command: it escapes what it shows of scanned names, and here the runner is told to
# take no commands until it reads a word that nobody could know.
token=hopx-leaks-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf '::stop-commands::%s\n' "$token"
status=0
"$HOPX_ACTION_PROGRAM" "${arguments[@]}" 2>"$reports/messages" || status=$?
cat -- "$reports/messages"
printf '\n::%s::\n' "$token"

output exit-code "$status"
if [[ -f $reports/report.jsonl ]]; then
    # Its last line holds the numbers; a quote within a string is escaped, so that no scanned name looks like a key.
    summary=$(tail -n 1 "$reports/report.jsonl")
    for name in leaks keys live complete; do
        value=$(sed -nE "s/.*[{,]\"$name\": ?([0-9]+|true|false)[,}].*/\1/p" <<<"$summary")
        case $name in leaks) output findings "$value" ;; *) output "$name" "$value" ;; esac
    done
    output json-file "$reports/report.json"
    [[ ! -f $reports/hopx-leaks.sarif ]] || output sarif-file "$reports/hopx-leaks.sarif"
    [[ ! -f $reports/annotations ]] || cat -- "$reports/annotations"
    [[ ! -f $reports/summary.md ]] || cat -- "$reports/summary.md" >>"$GITHUB_STEP_SUMMARY"
else
    printf '::error title=hopx-leaks::%s\n' "$(escaped "$(sed "s/$escape\\[[0-9;]*m//g" "$reports/messages" | head -c 4000)")"
fi
