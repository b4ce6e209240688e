# What the scripts of the action share. They run with bash 3.2 too, which macOS has.
# shellcheck shell=bash

# One line of a workflow command's message: https://docs.github.com/actions/reference/workflow-commands-for-github-actions,
# escaped as @actions/core does it.
escaped() {
    local text=$1
    text=${text//'%'/%25}
    text=${text//$'\r'/%0D}
    text=${text//$'\n'/%0A}
    printf '%s' "$text"
}

# Ends the step with an annotation that says why, and what to do.
die() {
    printf '::error title=hopx-leaks::%s\n' "$(escaped "$1")"
    exit 2
}

notice() {
    printf '::notice title=hopx-leaks::%s\n' "$(escaped "$1")"
}

# Whether an input is true; anything but true and false is an error.
is_true() {
    case $2 in
        true) return 0 ;;
        false | "") return 1 ;;
        *) die "input $1: \"$2\" is neither true nor false" ;;
    esac
}

# Writes an output; every value of the action's own making is one line.
output() {
    case $2 in *$'\n'* | *$'\r'*) die "output $1 has more than one line" ;; esac
    printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}
